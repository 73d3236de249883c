import ArgumentParser
import Surprisal

/// Images to work on: files, folders, IDX files, or what comes from standard input.
struct PathOptions: ParsableArguments {
  @Argument(
    help:
      "Files, folders, IDX files (FILE#A-B for a range), or - for paths, or one IDX file, from standard input."
  )
  var paths: [FilePath]

  @Flag(name: .customShort("0"), help: "With -, paths end in NUL instead of a line break.")
  var nul = false

  @OptionGroup var read: ReadingOptions

  func validate() throws { try Self.refuse(nul: nul, without: paths) }

  /// - Throws: `ValidationError` where `-0` says something of no list.
  static func refuse(nul: Bool, without paths: [FilePath]) throws {
    if nul, !paths.contains(FilePath("-")) {
      throw ValidationError("-0 is for paths from standard input: give -")
    }
  }

  /// As they were given, for a command to print.
  var quoted: String { paths.map(\.quoted).joined(separator: " ") }

  func expanded() throws -> [FilePath] { try Self.expand(paths, nul: nul) }

  /// Paths with `-` replaced by what comes from standard input.
  static func expand(_ paths: [FilePath], nul: Bool) throws -> [FilePath] {
    try paths.flatMap { try $0 == FilePath("-") ? StandardInput.paths(nul: nul) : [$0] }
  }
}
