internal import Foundation

extension SystemFile {
  /// Decodes and checks the text of a system file.
  public init(json: [UInt8]) throws(SystemFileError) {
    do {
      self = try JSONDecoder().decode(SystemFile.self, from: Data(json))
    } catch let error as DecodingError {
      throw SystemFileError(error)
    } catch {
      throw SystemFileError(field: "system file", problem: "\(error)")
    }
    try check()
  }

  /// Decodes the tasks, refusing fields that are not described.
  public init(from decoder: any Decoder) throws {
    let fields = try Fields(decoder, allowed: ["tasks"])
    tasks = try fields.value("tasks")
  }
}

extension TaskDescription {
  /// Decodes a task, refusing fields that are not described.
  public init(from decoder: any Decoder) throws {
    let fields = try Fields(
      decoder,
      allowed: [
        "name", "image", "priority", "quota", "stackPages", "handleFrames", "restart", "devices", "peers", "needs",
      ])
    name = try fields.value("name")
    image = try fields.value("image", default: name)
    priority = try fields.value("priority")
    quota = try fields.value("quota")
    stackPages = try fields.value("stackPages", default: stackPages)
    handleFrames = try fields.value("handleFrames", default: handleFrames)
    restart = try fields.value("restart", default: restart)
    devices = try fields.value("devices", default: devices)
    peers = try fields.value("peers", default: peers)
    needs = try fields.value("needs", default: needs)
  }
}

extension RestartRule {
  /// Decodes a rule, refusing fields that are not described.
  public init(from decoder: any Decoder) throws {
    let fields = try Fields(decoder, allowed: ["limit", "backOff"])
    limit = try fields.value("limit", default: limit)
    backOff = try fields.value("backOff", default: backOff)
  }
}

extension DeviceGrant {
  /// Decodes a grant, refusing fields that are not described.
  public init(from decoder: any Decoder) throws {
    let fields = try Fields(decoder, allowed: ["name", "compatible", "unit"])
    name = try fields.value("name")
    compatible = try fields.value("compatible")
    unit = try fields.value("unit", default: unit)
  }
}

/// An object's fields by name, none of them unknown: a misspelt field would otherwise be a default in silence.
private struct Fields {
  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { return nil }
  }

  private let container: KeyedDecodingContainer<Key>

  init(_ decoder: any Decoder, allowed: [String]) throws {
    container = try decoder.container(keyedBy: Key.self)
    if let unknown = container.allKeys.first(where: { !allowed.contains($0.stringValue) }) {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: container.codingPath + [unknown],
          debugDescription: "no such field; known are \(allowed.joined(separator: ", "))"))
    }
  }

  func value<Value: Decodable>(_ name: String) throws -> Value {
    try container.decode(Value.self, forKey: Key(stringValue: name))
  }

  func value<Value: Decodable>(_ name: String, default value: Value) throws -> Value {
    try container.decodeIfPresent(Value.self, forKey: Key(stringValue: name)) ?? value
  }
}

extension SystemFileError {
  /// A decoder's refusal, the field spelt as it is in the file.
  init(_ error: DecodingError) {
    let (path, text): ([any CodingKey], String) =
      switch error {
      case .keyNotFound(let key, let context): (context.codingPath + [key], "missing")
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        (context.codingPath, context.debugDescription)
      @unknown default: ([], "\(error)")
      }
    let field = path.reduce("") { field, key in
      key.intValue.map { "\(field)[\($0)]" } ?? (field.isEmpty ? key.stringValue : "\(field).\(key.stringValue)")
    }
    self.init(field: field.isEmpty ? "system file" : field, problem: text)
  }
}
