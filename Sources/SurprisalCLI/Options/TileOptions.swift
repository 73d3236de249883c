import ArgumentParser
import Surprisal

/// Whether images are judged by tiles, and how these are cut.
struct TileOptions: ParsableArguments {
  @Flag(
    help:
      "Judge images by overlapping tiles of --size (default 64) at their own resolution, and not shrunk: for what is small in large images."
  )
  var tiles = false
  @Option(help: "--tiles: share of its side that a tile has in common with the next, 0 to 0.9 (default 0.5).")
  var tileOverlap: Double?
  @Option(
    help: "--tiles: size at which images are cut, in their own, at most 1 (default 1; 0.5 is half as wide).")
  var tileScale: Double?

  func validate() throws {
    guard tiles || (tileOverlap == nil && tileScale == nil) else {
      throw ValidationError("--tile-overlap and --tile-scale are for --tiles")
    }
    if let refusal = tiling?.refusal { throw ValidationError(refusal) }
  }

  /// Nil where images are looked at whole.
  var tiling: Tiling? {
    tiles ? Tiling(overlap: tileOverlap ?? Tiling.standardOverlap, scale: tileScale ?? 1) : nil
  }
}
