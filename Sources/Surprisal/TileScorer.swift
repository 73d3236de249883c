import Detection
import Diffusion
import Images

/// Scores images by their tiles, as these come out of the decoder. Use from one thread at a time.
final class TileScorer {
  /// Of single tiles.
  let scorer: Scorer
  let tiling: Tiling
  /// Longest side of maps.
  var mapSide = TileMap.side

  init(_ scorer: Scorer, tiling: Tiling) {
    self.scorer = scorer
    self.tiling = tiling
  }

  /// Tiles that wait while others are scored.
  var ahead: Int { 2 * scorer.batch }

  /// Scores images, and hands each over, in order.
  ///
  /// - Parameters:
  ///   - count: of images.
  ///   - names: of statistics, the first of which says what is oddest.
  ///   - maps: what is to be drawn.
  ///   - calibration: what judges an image's tiles; nil where there are no `names`.
  ///   - open: gives each image when its turn comes, on another thread.
  ///   - each: takes each image, or why there is none.
  func score(
    _ count: Int, by names: [StatisticName], maps: Set<TileMap.Kind> = [], _ decoder: ImageDecoder,
    calibration: (Int) -> Calibration?, open: @escaping @Sendable (Int) throws(ImageError) -> EncodedImage,
    each: (Int, Result<TiledImage, ImageError>) throws -> Void
  ) throws {
    var decoder = decoder
    // Of a file as a whole, where tiles are what is judged.
    decoder.takesMeasures = false
    let feed = TileFeed(
      count, shape: scorer.shape, tiling: tiling, decoder: decoder, ahead: ahead, open: open)
    defer { feed.cancel() }
    var tally: TileTally?
    while case let items = feed.next(scorer.batch), !items.isEmpty {
      let tiles = items.compactMap { item -> TileFeed.Tile? in
        if case .tile(let tile) = item { tile } else { nil }
      }
      let batch = ImageBatch(shape: scorer.shape, images: tiles.map(\.bitmap))
      let wholes = try self.wholes(items, names, calibration)
      let estimates = try scorer.estimate(batch, withMap: maps.contains(.bits))
      let judging = tiles.map { calibration($0.image) }
      let (form, isByPlace) = (scorer.form, maps.contains(.oddness) && names.first?.isByPlace == true)
      let found = inParallel(tiles.count) { index in
        (
          scores: names.map { judging[index]?.score(estimates[index], by: $0) ?? .nan },
          oddness: isByPlace ? judging[index]?.oddness(estimates[index], form) : nil
        )
      }
      var place = 0
      for item in items {
        switch item {
        case .tile(let tile):
          var own =
            tally
            ?? TileTally(
              tile.grid, names, maps: maps.reduce(into: [:]) { $0[$1] = TileMap(tile.grid, side: mapSide) })
          tally = nil
          own.add(
            tile.index, estimates[place], scores: found[place].scores, channels: scorer.shape.channels)
          own.add(tile.index, found[place].scores, oddness: found[place].oddness, by: judging[place])
          tally = own
          place += 1
        case .end(let image, let decoded):
          let found = decoded.flatMap { decoded -> Result<TiledImage, ImageError> in
            guard let whole = wholes[image], let image = tally?.finished(decoded, whole: whole) else {
              return .failure(.corrupt("no rows"))
            }
            return .success(image)
          }
          tally = nil
          try each(image, found)
        }
      }
    }
  }

  /// Scores of the images that end among items, shrunk to a tile.
  private func wholes(
    _ items: [TileFeed.Item], _ names: [StatisticName], _ calibration: (Int) -> Calibration?
  ) throws -> [Int: ([Double], SurprisalEstimate)] {
    var images: [Int] = []
    var small = ImageBatch(shape: scorer.shape)
    for case .end(let image, .success(let decoded)) in items {
      images.append(image)
      small.append(decoded.bitmap)
    }
    var found: [Int: ([Double], SurprisalEstimate)] = [:]
    for (image, estimate) in zip(images, try scorer.estimate(small)) {
      let whole = calibration(image)?.tiles?.whole
      found[image] = (names.map { whole?.score(estimate, by: $0) ?? .nan }, estimate)
    }
    return found
  }
}
