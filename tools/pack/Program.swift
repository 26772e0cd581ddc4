import ArgumentParser
import Foundation
import Image

/// Makes what boots: the bundle of services, and the Image that carries it.
@main
struct Pack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apus-pack", abstract: "Pack services into a bundle and the kernel into an Image.",
    subcommands: [MakeBundle.self, MakeImage.self, ShowSizes.self])
}

/// A refusal with the file it concerns.
struct Refused: Error, CustomStringConvertible {
  var file: String
  var why: any Error
  var description: String { "\(file): \(why)" }
}

/// The bytes of a file.
func read(_ path: String) throws -> [UInt8] {
  do {
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  } catch {
    throw Refused(file: path, why: CocoaProblem(text: error.localizedDescription))
  }
}

/// Writes a file whole, its folder made where there is none.
func write(_ bytes: [UInt8], _ path: String) throws {
  let url = URL(fileURLWithPath: path)
  try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
  try Data(bytes).write(to: url, options: .atomic)
}

/// Runs `work`, naming `path` in whatever it refuses.
func naming<Result>(_ path: String, _ work: () throws -> Result) throws -> Result {
  do {
    return try work()
  } catch let refused as Refused {
    throw refused
  } catch {
    throw Refused(file: path, why: error)
  }
}

/// A file system's refusal in its own words.
struct CocoaProblem: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}
