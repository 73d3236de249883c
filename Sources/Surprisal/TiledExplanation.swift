import Detection
import Encoders
import Files
import Images

/// Why an image scores as it does, by a model that judges images by their tiles: what every statistic says of the whole, and where.
public struct TiledExplanation: Sendable {
  public let grid: TileGrid
  /// Of the statistics that the model is calibrated for, those of its encoder first; the reason is the oddest tile's place, for the first of
  /// each calibration with what stands out there.
  public let scores: [ImageExplanation.Score]
  /// The mean over its pixels; nil where the model was fitted to looks alone and no evaluations are asked for.
  public let bitsPerDim: Double?
  public let standardError: Double?
  /// At the maps' size.
  public let image: Bitmap
  /// Minus the decimal logarithm of the p-values of the tiles at each pixel, by the first statistic (`TileMap.Kind.oddness`); where tiles
  /// overlap their mean, `[height, width]`.
  public let oddness: [Double]
  /// Bits of each pixel over its channels at the scale of the tiles, likewise; nil where there are none.
  public let bits: [Double]?

  /// A way in which tiles are looked at.
  private struct View {
    let scorer: Scorer
    /// Nil where there are bits alone.
    let calibration: Calibration?
  }

  /// - Parameters:
  ///   - path: an image file, or `FILE-ubyte#N`.
  ///   - evaluations: of each tile; nil for all that the model is calibrated for. Without a calibration of so many there are bits, and
  ///     no scores by them.
  ///   - seeing: whether the model's encoder looks too, where it has one.
  /// - Throws: `SurprisalError.noImage`, `.unreadableImage`, `.notCalibrated`; `EngineError`, `EncoderError`.
  /// - Precondition: the model has a `tiling`.
  public init(
    of path: FilePath, under model: Model, reading: ImageReading = ImageReading(), evaluations: Int? = nil,
    seeing: Bool = true, compute: Compute = Compute()
  ) throws {
    guard let tiling = model.tiling else { preconditionFailure("a model of tiles") }
    guard let source = reading.sources(in: [path]).first else {
      throw SurprisalError.noImage(path: "\(path)")
    }
    var scores: [ImageExplanation.Score] = []
    var bits: (TiledImage, TileMap)?
    var oddness: TileMap?
    for view in try Self.views(of: model, evaluations, seeing: seeing, compute) {
      let (scorer, calibration) = (view.scorer, view.calibration)
      var maps: Set<TileMap.Kind> = []
      if scorer.evaluations > 0, bits == nil, evaluations == nil || evaluations == scorer.evaluations {
        maps.insert(.bits)
      }
      if calibration != nil, oddness == nil { maps.insert(.oddness) }
      let image = try Self.image(source, TileScorer(scorer, tiling: tiling), calibration, maps, reading)
      if let calibration { scores += Self.scores(image, calibration, scorer) }
      if let map = image.maps[.bits] { bits = (image, map) }
      oddness = oddness ?? image.maps[.oddness]
    }
    guard let oddness else { throw SurprisalError.notCalibrated(evaluations: nil) }
    self.scores = scores
    self.oddness = oddness.values
    grid = oddness.grid
    bitsPerDim = bits?.0.bitsPerDim
    standardError = bits?.0.standardError
    // One picture has one size: tiles of an encoder and of the network may scale an image otherwise.
    self.bits = bits.flatMap { $1.width == oddness.width && $1.height == oddness.height ? $1.values : nil }
    image = try reading.image(
      at: path, as: ImageShape(height: oddness.height, width: oddness.width, channels: 3))
  }

  private static func views(
    of model: Model, _ evaluations: Int?, seeing: Bool, _ compute: Compute
  ) throws -> [View] {
    var views: [View] = []
    if seeing, let sight = model.sight {
      views.append(
        View(scorer: try Scorer(model, by: sight, compute: compute), calibration: sight.calibration))
    }
    let isKnown = model.calibrations.contains { $0.evaluations == evaluations }
    for calibration in model.calibrations
    where !isKnown || [evaluations, 0].contains(calibration.evaluations) {
      views.append(
        View(
          scorer: try Scorer(model, evaluations: calibration.evaluations, compute: compute),
          calibration: calibration))
    }
    if let evaluations, !isKnown {
      views.append(
        View(scorer: try Scorer(model, evaluations: evaluations, compute: compute), calibration: nil))
    }
    return views
  }

  private static func image(
    _ source: ImageSource, _ tiles: TileScorer, _ calibration: Calibration?, _ maps: Set<TileMap.Kind>,
    _ reading: ImageReading
  ) throws -> TiledImage {
    var image: TiledImage?
    try tiles.score(
      1, by: calibration?.ranked ?? [], maps: maps, reading.decoder, calibration: { _ in calibration },
      open: { _ throws(ImageError) in try source.read(reading.decoder) },
      each: { _, found in
        image = try found.mapError { SurprisalError.unreadableImage(path: "\(source.path)", $0) }.get()
      })
    guard let image else { throw SurprisalError.noImage(path: "\(source.path)") }
    return image
  }

  private static func scores(
    _ image: TiledImage, _ calibration: Calibration, _ scorer: Scorer
  ) -> [ImageExplanation.Score] {
    calibration.ranked.enumerated().map { place, name in
      let tiles = image.scores[place]
      let score = image.score(place, by: name, calibration)
      let oddest = tiles.indices.max { tiles[$0] < tiles[$1] } ?? 0
      return ImageExplanation.Score(
        statistic: name, score: score, pValue: calibration.pValue(score, by: name),
        reason: place == 0
          ? image.words(by: name, calibration, scorer.form) : image.grid.place(of: oddest) ?? "")
    }
  }

  /// The image, beside it the map of its bits with a colour bar, where there is one, and that of how odd it is with another.
  public var picture: Bitmap {
    var pictures = [image]
    // A bar has room for its numbers.
    let height = max(image.height, 64)
    for map in [bits, oddness].compactMap({ $0 }) {
      let most = max(map.max() ?? 0, 1e-9)
      pictures += [
        HeatMap.bitmap(map, width: image.width, height: image.height, most: most),
        HeatMap.bar(height: height, most: most),
      ]
    }
    return HeatMap.beside(pictures)
  }
}
