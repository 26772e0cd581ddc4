/// The functions of Swift sources, as far as it takes to see which refusals each may throw.
struct SwiftSource {
  /// A function that throws.
  struct Function {
    let name: String
    let file: String
    let isPrivate: Bool
    let body: Substring
  }

  private var functions: [Function] = []

  init(_ paths: [String]) throws {
    for path in paths { add(try Repository.text(path).withoutComments, path) }
  }

  private mutating func add(_ text: String, _ file: String) {
    for match in text.matches(of: /(private )?(?:mutating )?func (\w+)[^{]*?throws\(Refusal\)[^{]*\{/) {
      functions.append(
        Function(
          name: String(match.2), file: file, isPrivate: match.1 != nil,
          body: text[match.range.upperBound..<text.endOfBlock(from: match.range.upperBound, "{", "}")]))
    }
  }

  /// The refusals that running `text`, which stands in `file`, may throw: its own and those of what it calls.
  func refusals(of text: Substring, in file: String) -> Set<String> {
    reached(from: text, in: file, whereNoRightIsAsked: "missingRight") { text in
      text.matches(of: /throw Refusal\(\s*\.(\w+)/).map { String($0.1) }
    }
  }

  /// The rights that running `text`, which stands in `file`, may ask of a handle.
  func rights(of text: Substring, in file: String) -> Set<String> {
    reached(from: text, in: file, whereNoRightIsAsked: "pass") { text in
      text.matches(of: /\.\w+,\s+rights: Rights\.\w+\.(\w+)\.rawValue/).map { String($0.1) }
        + text.matches(of: /actingTask\(.*, \.(\w+)\)/).map { String($0.1) }
        + text.matches(of: /case \.\w+: Rights\.\w+\.(\w+)\.rawValue/).map { String($0.1) }
        + text.matches(of: /rights & Rights\.\w+\.(\w+)\.rawValue/).map { String($0.1) }
    }
  }

  /// What `words` finds in `text` and in all that it calls. A call that asks for no right cannot contribute
  /// `excluded`.
  private func reached(
    from text: Substring, in file: String, whereNoRightIsAsked excluded: String, _ words: (Substring) -> [String]
  ) -> Set<String> {
    var found = Set(words(text))
    // A call behind a dot is somebody else's; one behind `try?` throws nothing.
    for match in text.matches(of: /(\.|try\? )?\b(\w+)\(/) where match.1 == nil {
      for callee in called(String(match.2), in: file) {
        var more = reached(from: callee.body, in: callee.file, whereNoRightIsAsked: excluded, words)
        let start = match.range.upperBound
        let arguments = text[start..<text.endOfBlock(from: start, "(", ")")]
        // No handle lacks the rights of an empty set, and a reply passes handles without asking for a right.
        let asksForNone =
          arguments.hasSuffix("rights: 0")
          || match.2 == "checkPassed" && arguments.hasSuffix("rights: Rights.Endpoint.pass.rawValue")
        if asksForNone { more.remove(excluded) }
        found.formUnion(more)
      }
    }
    return found
  }

  private func called(_ name: String, in file: String) -> [Function] {
    functions.filter { $0.name == name && (!$0.isPrivate || $0.file == file) }
  }
}

extension StringProtocol {
  /// Where the block ends whose opening sign stands before `start`.
  func endOfBlock(from start: Index, _ opening: Character, _ closing: Character) -> Index {
    var depth = 1
    var index = start
    while index < endIndex {
      if self[index] == opening { depth += 1 }
      if self[index] == closing { depth -= 1 }
      if depth == 0 { return index }
      index = self.index(after: index)
    }
    return endIndex
  }
}

extension String {
  /// The text without `//` comments; the sources compared have no other kind.
  var withoutComments: String { replacing(/\/\/.*/, with: "") }

  /// The cases of an enum with raw values, in their order: name and number.
  func cases(ofEnum name: String) -> [(name: String, number: String)] {
    guard let start = firstRange(of: "enum \(name):")?.upperBound, let brace = self[start...].firstIndex(of: "{") else {
      return []
    }
    let body = self[brace..<endOfBlock(from: index(after: brace), "{", "}")]
    return body.matches(of: /case (\w+) = (\d+)/).map { (String($0.1), String($0.2)) }
  }
}
