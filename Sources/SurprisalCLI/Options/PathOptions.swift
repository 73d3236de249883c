import ArgumentParser
import Foundation
import Surprisal

/// Images to work on: files, folders, IDX files, or lists from standard input.
struct PathOptions: ParsableArguments {
  @Argument(help: "Files, folders, IDX files (FILE#A-B for a range), or - for paths from standard input.")
  var paths: [String]

  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.")
  var nul = false

  @OptionGroup var read: ReadingOptions

  func expanded() -> [String] { Self.expand(paths, nul: nul) }

  /// Paths with `-` replaced by those from standard input.
  static func expand(_ paths: [String], nul: Bool) -> [String] {
    paths.flatMap { path -> [String] in
      guard path == "-" else { return [path] }
      let input = FileHandle.standardInput.readDataToEndOfFile()
      return input.split(separator: nul ? 0 : 10).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}
