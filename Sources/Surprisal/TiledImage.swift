import Detection
import Diffusion
import Foundation
import Images

/// What the tiles of an image make of it.
struct TiledImage: Sendable {
  /// At a tile's size, with what it is in its file.
  let decoded: DecodedImage
  let grid: TileGrid
  /// Of each statistic asked for, those of all tiles.
  let scores: [[Double]]
  /// The same of the whole, shrunk to a tile.
  let whole: (scores: [Double], estimate: SurprisalEstimate)
  /// The mean over its pixels, a pixel in several tiles counting as their mean (`TileGrid.weights`); 0 without evaluations.
  let bitsPerDim: Double
  /// The same mean of the tiles' standard errors: as tiles share their noise, they may all err alike, and it is what they err by then
  /// at most.
  let standardError: Double?
  /// Network evaluations of all tiles and of the whole.
  let evaluations: Int
  /// The oddest tile by the first statistic.
  let oddest: (index: Int, estimate: SurprisalEstimate)
  /// Those that were asked for.
  let maps: [TileMap.Kind: TileMap]

  /// What stands out in words, by the first statistic: of the oddest tile, with its place where there are several, or of the whole,
  /// whichever is odder.
  func words(by name: StatisticName, _ calibration: Calibration, _ form: EstimateForm) -> String {
    var form = form
    guard let tiles = calibration.tiles, let own = scores.first, let all = whole.scores.first,
      tiles.isWholeOdder(own, all, by: name), grid.count > 1
    else {
      form.frame = grid.frame(of: oddest.index)
      let words = calibration.words(oddest.estimate, by: name, form)
      // Some statistics name the pixel themselves, more closely.
      guard let place = grid.place(of: oddest.index), !words.contains(grid.size) else { return words }
      return "\(place): \(words)"
    }
    form.frame = grid.whole
    return "as a whole: \(tiles.whole.words(whole.estimate, by: name, form))"
  }

  /// By the statistic of a place among those asked for.
  func score(_ place: Int, by name: StatisticName, _ calibration: Calibration) -> Double {
    calibration.score(ofTiles: scores[place], whole: whole.scores[place], by: name)
  }
}

extension TileGrid {
  /// Where a tile is, in words; nil where there is one alone.
  func place(of index: Int) -> String? {
    guard count > 1 else { return nil }
    let (x, y) = centre(of: index)
    return "around \(x), \(y) \(size)"
  }

  /// Of the image, in words.
  fileprivate var size: String { "of \(imageWidth)x\(imageHeight)" }

  /// What a tile is of the image.
  fileprivate func frame(of index: Int) -> EstimateForm.Frame {
    let (x, y) = origin(of: index)
    return EstimateForm.Frame(
      x: x * imageWidth / width, y: y * imageHeight / height, width: tileWidth * imageWidth / width,
      height: tileHeight * imageHeight / height, imageWidth: imageWidth, imageHeight: imageHeight)
  }

  /// All of it.
  fileprivate var whole: EstimateForm.Frame {
    EstimateForm.Frame(
      x: 0, y: 0, width: imageWidth, height: imageHeight, imageWidth: imageWidth, imageHeight: imageHeight)
  }
}

/// An image of which not all tiles have come.
struct TileTally {
  let grid: TileGrid
  private let weights: [Double]
  private var scores: [[Double]]
  private var bits = 0.0
  private var errors = 0.0
  private var hasErrors = true
  private var weight = 0.0
  private var evaluations = 0
  private var oddest: (index: Int, score: Double, estimate: SurprisalEstimate)?
  private let names: [StatisticName]
  private var maps: [TileMap.Kind: TileMap]

  /// - Parameters:
  ///   - names: of statistics.
  ///   - maps: those wanted, empty.
  init(_ grid: TileGrid, _ names: [StatisticName], maps: [TileMap.Kind: TileMap]) {
    self.grid = grid
    self.names = names
    self.maps = maps
    weights = grid.weights
    scores = [[Double]](repeating: [Double](repeating: .nan, count: grid.count), count: names.count)
  }

  /// - Parameter scores: of each statistic.
  mutating func add(_ index: Int, _ estimate: SurprisalEstimate, scores own: [Double], channels: Int) {
    for (k, score) in own.enumerated() { scores[k][index] = score }
    bits += weights[index] * estimate.bitsPerDim
    if let error = estimate.standardError { errors += weights[index] * error } else { hasErrors = false }
    weight += weights[index]
    evaluations += estimate.evaluations
    maps[.bits]?.add(index, bits: estimate.map, channels: channels)
    // What is no number is as odd as can be; of equals the first in the grid, in whatever order they came.
    let score = own.first.map { $0.isNaN ? .infinity : $0 } ?? 0
    let isOdder =
      oddest.map { score > $0.score || (score == $0.score && index < $0.index) } ?? true
    guard isOdder else { return }
    var kept = estimate
    kept.map = []
    oddest = (index, score, kept)
  }

  /// Draws how odd a tile is, where that is wanted.
  /// - Parameters:
  ///   - scores: of each statistic.
  ///   - oddness: of the tile's pixels (`Calibration.oddness`); nil where nothing says.
  mutating func add(_ index: Int, _ scores: [Double], oddness: [Double]?, by calibration: Calibration?) {
    guard maps[.oddness] != nil, let name = names.first, let score = scores.first,
      let law = calibration?.tiles?.laws[name]
    else { return }
    if let oddness {
      maps[.oddness]?.add(index, oddness: oddness)
    } else {
      maps[.oddness]?.add(index, value: law.surprise(score) / log(10))
    }
  }

  /// Nil where no tile came.
  /// - Parameter whole: scores of the image shrunk to a tile.
  func finished(_ decoded: DecodedImage, whole: ([Double], SurprisalEstimate)) -> TiledImage? {
    guard let oddest else { return nil }
    return TiledImage(
      decoded: decoded, grid: grid, scores: scores, whole: whole, bitsPerDim: bits / weight,
      standardError: hasErrors ? errors / weight : nil, evaluations: evaluations + whole.1.evaluations,
      oddest: (oddest.index, oddest.estimate), maps: maps)
  }
}
