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

  /// What a map shows.
  enum MapKind: Sendable {
    /// Bits a pixel.
    case bits
    /// Minus the decimal logarithm of the tiles' p-values, by the first statistic.
    case oddness
  }

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
  ///   - map: what is to be drawn; nil for nothing.
  ///   - calibration: what judges an image's tiles.
  ///   - open: gives each image when its turn comes, on another thread.
  ///   - each: takes each image, or why there is none.
  func score(
    _ count: Int, by names: [StatisticName], map: MapKind? = nil, _ decoder: ImageDecoder,
    calibration: (Int) -> Calibration, open: @escaping @Sendable (Int) throws(ImageError) -> EncodedImage,
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
      let estimates = try scorer.estimate(batch, withMap: map == .bits)
      let judging = tiles.map { calibration($0.image) }
      let scores = inParallel(tiles.count) { index in
        names.map { judging[index].score(estimates[index], by: $0) }
      }
      var place = 0
      for item in items {
        switch item {
        case .tile(let tile):
          var own =
            tally
            ?? TileTally(
              tile.grid, statistics: names.count, map: map == .bits ? TileMap(tile.grid, side: mapSide) : nil)
          tally = nil
          own.add(
            tile.index, estimates[place], scores: scores[place], channels: scorer.shape.channels)
          tally = own
          place += 1
        case .end(let image, let decoded):
          let found = found(
            tally, decoded, wholes[image], map == .oddness ? names.first : nil, calibration(image))
          tally = nil
          try each(image, found)
        }
      }
    }
  }

  /// Scores of the images that end among items, shrunk to a tile.
  private func wholes(
    _ items: [TileFeed.Item], _ names: [StatisticName], _ calibration: (Int) -> Calibration
  ) throws -> [Int: ([Double], SurprisalEstimate)] {
    var images: [Int] = []
    var small = ImageBatch(shape: scorer.shape)
    for case .end(let image, .success(let decoded)) in items {
      images.append(image)
      small.append(decoded.bitmap)
    }
    var found: [Int: ([Double], SurprisalEstimate)] = [:]
    for (image, estimate) in zip(images, try scorer.estimate(small)) {
      let whole = calibration(image).tiles?.whole
      found[image] = (names.map { whole?.score(estimate, by: $0) ?? .nan }, estimate)
    }
    return found
  }

  private func found(
    _ tally: TileTally?, _ decoded: Result<DecodedImage, ImageError>,
    _ whole: ([Double], SurprisalEstimate)?, _ mapped: StatisticName?,
    _ calibration: Calibration
  ) -> Result<TiledImage, ImageError> {
    decoded.flatMap { decoded in
      guard let whole, let image = tally?.finished(decoded, whole: whole) else {
        return .failure(.corrupt("no rows"))
      }
      guard let mapped else { return .success(image) }
      return .success(image.with(TileMap(of: image, by: mapped, calibration, side: mapSide)))
    }
  }
}

extension TiledImage {
  fileprivate func with(_ map: TileMap) -> TiledImage {
    TiledImage(
      decoded: decoded, grid: grid, scores: scores, whole: whole, bitsPerDim: bitsPerDim,
      standardError: standardError,
      evaluations: evaluations, oddest: oddest, map: map)
  }
}
