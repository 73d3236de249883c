import Detection
import Diffusion
import Files
import Foundation
import Images

/// How well a calibrated model tells sets of images that do not belong from images that do.
public struct Evaluation {
  /// Images given together.
  public struct ImageSet: Sendable {
    public let name: String
    public let paths: [FilePath]

    public init(name: String, paths: [FilePath]) {
      self.name = name
      self.paths = paths
    }

    public init(name: String, paths: some Sequence<String>) {
      self.init(name: name, paths: paths.map { FilePath($0) })
    }

    /// One set for each folder and IDX file, and one for all single files together.
    public static func split(_ paths: [FilePath]) -> [ImageSet] {
      var sets: [ImageSet] = []
      var files: [FilePath] = []
      for path in paths {
        if (try? path.status().kind) == S_IFREG, !IDXFile.isOne(path) {
          files.append(path)
        } else {
          sets.append(ImageSet(name: "\(path)", paths: [path]))
        }
      }
      if !files.isEmpty {
        sets.append(ImageSet(name: files.count == 1 ? "\(files[0])" : "\(files.count) files", paths: files))
      }
      return sets
    }

    public static func split(_ paths: some Sequence<String>) -> [ImageSet] {
      split(paths.map { FilePath($0) })
    }
  }

  /// What a set's images scored.
  public struct Scores: Sendable {
    public let name: String
    /// By statistic, of those that the model is calibrated for.
    public var scores: [StatisticName: [Double]] = [:]
    /// By the mixture of pixels, where the model keeps some of its images'.
    public var mixture: [Double] = []
    public var unreadable = 0
    /// Separation of the pixels that masks mark from those they do not, by their bits; nil without masks.
    public var pixels: Separation?
    public var masked = 0

    public var count = 0
    /// Bits per dimension of each image; none of those that were only looked at.
    public var bitsPerDim: [Double] = []

    /// Nil where there are no bits.
    public var meanBitsPerDim: Double? {
      bitsPerDim.isEmpty ? nil : bitsPerDim.reduce(0, +) / Double(bitsPerDim.count)
    }
  }

  /// What images are scored with, and judged by.
  private let scorer: Scorer
  /// Where the model looks at tiles.
  private let tiles: TileScorer?
  public let calibration: Calibration
  /// What pixels alone would say, beside the statistics.
  private let mixture: PixelMixture?
  public var reading = ImageReading()
  /// Uses only this many images of each set.
  public var limit: Int?
  /// Folders with masks: that of `x/NAME.ext` is `NAME_mask.png` or else `NAME.png` (`Mask`). Masks that lie among the
  /// images are not scored.
  public var masks: [FilePath] = []

  /// - Parameter evaluations: nil for those of the model's first calibration.
  /// - Throws: `SurprisalError.notCalibrated`, `EngineError`.
  public init(_ model: Model, evaluations: Int? = nil, compute: Compute = Compute()) throws {
    if let sight = model.sight, evaluations == nil {
      calibration = sight.calibration
      scorer = try Scorer(model, by: sight, compute: compute)
      let scorer = scorer
      tiles = model.tiling.map { TileScorer(scorer, tiling: $0) }
      mixture = nil
      return
    }
    calibration = try model.calibration(evaluations: evaluations)
    scorer = try Scorer(model, evaluations: calibration.evaluations, compute: compute)
    let scorer = scorer
    tiles = model.tiling.map { TileScorer(scorer, tiling: $0) }
    mixture = tiles == nil ? PixelMixture(calibration) : nil
  }

  /// Scores every image of a set by every statistic.
  ///
  /// - Throws: `SurprisalError.noMask` where some of the set's images have masks and one has not, `.unreadableImage` for a
  ///   mask.
  public func score(_ set: ImageSet, progress: (Int) -> Void = { _ in }) throws -> Scores {
    if let tiles { return try score(set, by: tiles, progress) }
    let shape = scorer.shape
    var result = Scores(name: set.name)
    var found = Marks()
    let stream = ImageStream(
      set.paths, shape: shape,
      reading: calibration.kind == .sight ? scorer.model.aligning(reading) : scorer.model.reading(reading),
      limit: limit)
    defer { stream.cancel() }
    let stems = masks.isEmpty ? [:] : stems(of: set)
    while case let images = stream.next(scorer.batch), !images.isEmpty {
      var readable = ImageBatch(shape: shape)
      var marks: [(file: FilePath, mask: [Bool]?)] = []
      for image in images where !isMask(image.file, among: stems) {
        switch image.form {
        case .decoded(let bitmap):
          readable.append(bitmap, measures: image.measures)
          marks.append((image.file, try mask(of: image.file, shape)))
        case .unreadable, .known, .encoded: result.unreadable += 1
        }
      }
      let wantsMap = marks.contains { $0.mask != nil }
      let estimates = try scorer.estimate(readable, withMap: wantsMap)
      let scores = scores(of: estimates)
      for (index, (estimate, mark)) in zip(estimates, marks).enumerated() {
        result.count += 1
        if estimate.evaluations > 0 { result.bitsPerDim.append(estimate.bitsPerDim) }
        for (name, score) in zip(calibration.names, scores[index]) {
          result.scores[name, default: []].append(score)
        }
        if let mixture { result.mixture.append(mixture.score(estimate)) }
        found.add(wantsMap ? oddness(estimate) : [], mark.mask, of: mark.file)
      }
      progress(result.count)
    }
    try finish(&result, found)
    return result
  }

  /// What masks mark in maps.
  struct Marks {
    private(set) var plain: [Double] = []
    private(set) var marked: [Double] = []
    private(set) var masked = 0
    /// The first image without a mask.
    private(set) var unmasked: FilePath?

    /// - Parameters:
    ///   - values: of each pixel of the map.
    ///   - mask: at the map's size; nil where the image has none.
    mutating func add(_ values: [Double], _ mask: [Bool]?, of file: FilePath) {
      guard let mask else {
        unmasked = unmasked ?? file
        return
      }
      masked += 1
      for (value, isMarked) in zip(values, mask) {
        if isMarked { marked.append(value) } else { plain.append(value) }
      }
    }
  }

  /// - Throws: `SurprisalError.noMask` where some images have masks and one has not.
  func finish(_ result: inout Scores, _ marks: Marks) throws {
    result.masked = marks.masked
    if marks.masked > 0, let unmasked = marks.unmasked {
      throw SurprisalError.noMask(image: "\(unmasked)", looked: maskPaths(unmasked).map { "\($0)" })
    }
    if !marks.marked.isEmpty, !marks.plain.isEmpty {
      result.pixels = Separation(inliers: marks.plain, outliers: marks.marked)
    }
  }

  /// How well each statistic tells two sets apart, in the order in which they are listed; then the control `mixture`, where pixels are
  /// known to make one of; `pixels` last, with masks.
  public func separations(
    of known: Scores, from found: Scores
  ) -> [(statistic: String, separation: Separation)] {
    calibration.names.map { name in
      (
        name.rawValue,
        Separation(inliers: known.scores[name] ?? [], outliers: found.scores[name] ?? [])
      )
    }
      + (found.mixture.isEmpty
        ? [] : [(PixelMixture.name, Separation(inliers: known.mixture, outliers: found.mixture))])
      + (found.pixels.map { [("pixels", $0)] } ?? [])
  }

  /// By every statistic that the model is calibrated for, image by image.
  private func scores(of estimates: [SurprisalEstimate]) -> [[Double]] {
    let calibration = calibration
    return inParallel(estimates.count) { index in
      calibration.names.map { calibration.score(estimates[index], by: $0) }
    }
  }

  /// Of each pixel: its bits, or how odd the patch there is. Empty where nothing says.
  private func oddness(_ estimate: SurprisalEstimate) -> [Double] {
    if calibration.kind != .errors { return calibration.oddness(estimate, scorer.form) ?? [] }
    let channels = scorer.shape.channels
    return stride(from: 0, to: estimate.map.count, by: channels).map { start in
      (start..<start + channels).reduce(0.0) { $0 + estimate.map[$1] }
    }
  }

  /// Where the mask of an image may lie, the likelier first.
  private func maskPaths(_ image: FilePath) -> [FilePath] {
    ["_mask.png", ".png"].flatMap { ending in masks.map { $0.appending(image.stem + Array(ending.utf8)) } }
  }

  /// How many images of a set there are under each path without its extension.
  func stems(of set: ImageSet) -> [FilePath: Int] {
    var stems: [FilePath: Int] = [:]
    ImageEnumerator(followsLinks: reading.followsLinks).forEach(in: set.paths) { source in
      stems[source.path.folder.appending(source.path.stem), default: 0] += 1
    }
    return stems
  }

  /// Whether a file is the mask of another: of the name of masks alone, or where another image has that name too.
  func isMask(_ file: FilePath, among stems: [FilePath: Int]) -> Bool {
    guard !masks.isEmpty, let own = file.identity else { return false }
    if file.stem.ends(with: "_mask".utf8) {
      return masks.contains { $0.appending(file.stem + Array(".png".utf8)).identity == own }
    }
    return stems[file.folder.appending(file.stem), default: 0] > 1
      && maskPaths(file).first { $0.identity != nil }?.identity == own
  }

  /// Marked pixels at the model's size; nil where no folder has a mask.
  func mask(of image: FilePath, _ shape: ImageShape) throws -> [Bool]? {
    let own = image.identity
    guard let path = maskPaths(image).first(where: { $0.identity != nil && $0.identity != own }) else {
      return nil
    }
    do throws(ImageError) {
      let mask = Mask(try reading.decoder.decode(path: path))
      guard let alignment = scorer.model.alignment else {
        return mask.marked(width: shape.width, height: shape.height)
      }
      return mask.marked(
        in: shape, aligning: try reading.decoder.decode(path: image), by: alignment)
    } catch { throw SurprisalError.unreadableImage(path: "\(path)", error) }
  }
}

extension Sequence<UInt8> {
  fileprivate func ends(with ending: some Sequence<UInt8>) -> Bool {
    Array(self).suffix(Array(ending).count).elementsEqual(ending)
  }
}
