import ArgumentParser
import Surprisal

/// Where outliers are put for people to look through.
struct CollectOptions: ParsableArguments {
  @Option(
    name: .customLong("collect"),
    help: "Put links to the outliers into this folder, by rank; a new one, or one of an earlier --collect.",
    completion: .directory)
  var folder: FilePath?

  @Flag(name: .customLong("copy"), help: "--collect copies instead of links.")
  var copies = false

  func validate() throws {
    if copies, folder == nil { throw ValidationError("--copy is for --collect") }
    if folder == FilePath("-") { throw ValidationError("--collect is a folder") }
  }

  /// Nil where nothing is to be collected. To be called before any work.
  func collection(of images: PathOptions, _ paths: [FilePath]) throws -> OutlierCollection? {
    try folder.map { try OutlierCollection(in: $0, of: paths, copies: copies, reading: images.read.reading) }
  }

  /// Writes what was taken, and says where.
  func finish(_ collection: OutlierCollection?, _ shown: OutputOptions) throws {
    guard let collection else { return }
    try collection.write()
    let kind = copies ? "copied to" : "linked to from"
    shown.note("\(collection.count) outliers \(kind) \(collection.folder), by rank (index.csv)")
  }
}
