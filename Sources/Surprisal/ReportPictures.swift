import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports
import Synchronization

/// Gives records the pictures that pages show: a thumbnail of the file, a map of where its bits lie, and the most alike of
/// the ordinary images. Files are decoded again, those of flagged images and copies, and some of the ordinary ones.
public struct ReportPictures {
  /// Longest side of a thumbnail in pixels; smaller images are as they are.
  public static let side = 224
  /// Flagged images with a thumbnail, and with a map.
  public static let most = (thumbnails: 1000, maps: 200)
  /// Copies with a thumbnail; ordinary images with one, evenly over their ranks.
  public static let mostCopies = 200
  public static let ordinary = 24

  private let reading: ImageReading
  private let model: Model
  /// Draws maps; made when first wanted.
  private var scorer: Scorer?
  /// Draws maps where the model looks at tiles.
  private var judge: Judge?
  /// The same where records are judged by what an encoder sees.
  private var eyes: Scorer?
  private let compute: Compute
  /// The model's, where it keeps any.
  private let nearest: NearestExample?
  private var (flagged, copies, seen) = (0, 0, 0)
  private var ordinaryCount = 0
  /// Thumbnails of files that many are nearest to.
  private var known: [FilePath: Record.Picture?] = [:]
  /// Records that wait until enough want pictures: these are made on all threads at once.
  private var waiting: [(record: Record, wish: Wish)] = []
  private var wishes = 0

  /// What a record is to have.
  private enum Wish { case nothing, thumbnail, all, allAndMap }

  /// - Parameters:
  ///   - model: whose bits maps show.
  ///   - reading: as the records' images were read.
  /// - Throws: `EngineError`.
  public init(_ model: Model, reading: ImageReading, compute: Compute = Compute()) throws {
    self.model = model
    self.reading = reading
    self.compute = compute
    nearest = try model.examples.map { try NearestExample($0, of: model, compute: compute) }
  }

  /// Takes the counts, before the first record.
  public mutating func begin(_ totals: ReportTotals) { ordinaryCount = totals.scored - totals.outliers }

  /// Takes a record, and hands on those that have their pictures, in order. What cannot be had is left out: the file may have
  /// gone meanwhile.
  public mutating func add(_ record: Record, _ body: (Record) throws -> Void) rethrows {
    let wish = wish(of: record)
    waiting.append((record, wish))
    if wish != .nothing { wishes += 1 }
    if wishes >= 64 || waiting.count >= 1024 { try finish(body) }
  }

  /// Hands on all that wait.
  public mutating func finish(_ body: (Record) throws -> Void) rethrows {
    drawWaiting()
    let records = waiting.map(\.record)
    waiting = []
    wishes = 0
    for record in records { try body(record) }
  }

  private mutating func wish(of record: Record) -> Wish {
    guard record.error == nil else { return .nothing }
    if record.outlier == true {
      flagged += 1
      return flagged <= Self.most.maps ? .allAndMap : flagged <= Self.most.thumbnails ? .all : .nothing
    }
    let rank = seen
    seen += 1
    let all = max(ordinaryCount, 1)
    let isShown = rank == 0 || rank * Self.ordinary / all != (rank - 1) * Self.ordinary / all
    if record.copyOf != nil { copies += 1 }
    return isShown || (record.copyOf != nil && copies <= Self.mostCopies) ? .thumbnail : .nothing
  }

  private mutating func drawWaiting() {
    let places = waiting.indices.filter { waiting[$0].wish != .nothing }
    guard !places.isEmpty else { return }
    let files = places.map { waiting[$0].record }
    let thumbnails = inParallel(files) { [reading] in Self.thumbnail(of: $0, reading) }
    for (place, thumbnail) in zip(places, thumbnails) {
      var pictures = Record.Pictures()
      pictures.thumbnail = thumbnail
      waiting[place].record.pictures = pictures
    }
    drawNearestFiles(of: places)
    guard places.contains(where: { waiting[$0].wish != .thumbnail }) else { return }
    let odd = places.filter { waiting[$0].wish != .thumbnail }
    let images = inParallel(odd.map { waiting[$0].record }) { [reading, model] in
      try? reading.image(at: $0.file, for: model)
    }
    let there = zip(odd, images).compactMap { place, image in image.map { (place, $0) } }
    drawExamples(there)
    let wanted = there.filter { waiting[$0.0].wish == .allAndMap }
    if model.tiling != nil { return drawTiles(of: wanted.map(\.0)) }
    func judged(_ isSo: (StatisticName) -> Bool) -> [Int] {
      wanted.map(\.0).filter { place in
        waiting[place].record.statistic.flatMap { StatisticName(rawValue: $0) }.map(isSo) == true
      }
    }
    let (seen, damaged) = (judged(\.isOfSight), judged { $0 == .damage })
    let (model, compute) = (model, compute)
    if let sight = model.sight {
      drawPlaces(of: seen, as: sight.shape, sight.calibration) {
        try Scorer(model, by: sight, compute: compute)
      }
    }
    if let look = model.calibrations.first(where: { $0.evaluations == 0 }) {
      drawPlaces(of: damaged, as: model.shape, look) {
        try Scorer(model, evaluations: 0, compute: compute)
      }
    }
    drawMaps(wanted.filter { !seen.contains($0.0) && !damaged.contains($0.0) })
  }

  /// Longest side of maps of tiles.
  private static let tiledSide = 512

  /// Maps of how odd tiles are, over whole images.
  private mutating func drawTiles(of places: [Int]) {
    for place in places {
      let record = waiting[place].record
      guard let tiles = record.tiles, let evaluations = record.evaluations,
        let statistic = record.statistic.flatMap({ StatisticName(rawValue: $0) }),
        let source = reading.sources(in: [record.file]).first,
        let encoded = try? source.read(reading.decoder)
      else { continue }
      do {
        // Any rate: it is not judged again.
        let judge =
          try judge
          ?? Judge(
            model, budget: statistic.isOfSight ? nil : .fixed(evaluations / (tiles + 1)),
            statistic: statistic,
            rate: 0.5, compute: compute)
        self.judge = judge
        let found = try judge.judge(tilesOf: [encoded], reading.decoder, mapSide: Self.tiledSide)
        guard let map = try found.first?.get().map else { continue }
        waiting[place].record.pictures?.map = try HeatMap.bitmap(
          map.values, width: map.width, height: map.height, most: max(map.values.max() ?? 0, 1e-9)
        ).picture()
      } catch {
        // A page without maps is a page.
      }
    }
  }

  /// Maps of how odd places are, to what looks for that.
  private mutating func drawPlaces(
    of places: [Int], as shape: ImageShape, _ calibration: Calibration, by looking: () throws -> Scorer
  ) {
    guard !places.isEmpty else { return }
    do {
      let eyes = try eyes ?? looking()
      self.eyes = eyes
      let images = inParallel(places.map { waiting[$0].record }) { [reading = model.aligning(reading)] in
        try? reading.image(at: $0.file, as: shape)
      }
      let there = zip(places, images).compactMap { place, image in image.map { (place, $0) } }
      let batch = ImageBatch(shape: shape, images: there.map(\.1))
      for ((place, image), estimate) in zip(there, try eyes.estimate(batch)) {
        guard let odd = calibration.oddness(estimate, eyes.form) else { return }
        let drawn = try map(odd, image, of: waiting[place].record.file)
        waiting[place].record.pictures?.map = drawn
      }
    } catch {
      // A page without maps is a page.
    }
  }

  /// A map of an image as the model sees it; of what it aligns, laid back to where it was in the file's image.
  private func map(_ values: [Double], _ image: Bitmap, of file: FilePath) throws -> Record.Picture {
    var map = (values: values, width: image.width, height: image.height)
    if let alignment = model.alignment, let whole = try? reading.whole(at: file, within: Self.side) {
      (map.width, map.height) = (whole.width, whole.height)
      map.values = alignment.laidBack(values, image.shape, over: whole)
    }
    return try HeatMap.bitmap(
      map.values, width: map.width, height: map.height, most: max(map.values.max() ?? 0, 1e-9)
    ).picture()
  }

  /// The most alike of the folder.
  private mutating func drawNearestFiles(of places: [Int]) {
    let wanted = Set(places.compactMap { waiting[$0].record.nearest }).filter { known[$0] == nil }
    let records = wanted.sorted().map { Record(file: $0) }
    let drawn = inParallel(records) { [reading] in Self.thumbnail(of: $0, reading) }
    for (record, picture) in zip(records, drawn) { known.updateValue(picture, forKey: record.file) }
    for place in places {
      guard let file = waiting[place].record.nearest else { continue }
      waiting[place].record.pictures?.nearest = known[file] ?? nil
      waiting[place].record.pictures?.nearestFile = file
    }
  }

  /// The most alike of those that the model keeps.
  private mutating func drawExamples(_ images: [(place: Int, image: Bitmap)]) {
    guard let nearest, !images.isEmpty, let found = try? nearest(to: images.map(\.image)) else { return }
    for ((place, _), example) in zip(images, found) where waiting[place].record.nearest == nil {
      waiting[place].record.pictures?.nearest = try? example?.picture()
    }
  }

  private mutating func drawMaps(_ images: [(place: Int, image: Bitmap)]) {
    guard !images.isEmpty else { return }
    do {
      let scorer =
        try scorer
        ?? Scorer(model, evaluations: EvaluationBudget.standardCount, observing: [], compute: compute)
      self.scorer = scorer
      let batch = ImageBatch(shape: model.shape, images: images.map(\.image))
      for ((place, image), estimate) in zip(images, try scorer.estimate(batch, withMap: true)) {
        let channels = image.channels
        let bits = (0..<image.height * image.width).map { pixel in
          (0..<channels).reduce(0.0) { $0 + estimate.map[pixel * channels + $1] }
        }
        let drawn = try map(bits, image, of: waiting[place].record.file)
        waiting[place].record.pictures?.map = drawn
      }
    } catch {
      // A page without maps is a page.
    }
  }

  /// The file's image, no larger than `side`; nil where it cannot be had.
  private static func thumbnail(of record: Record, _ reading: ImageReading) -> Record.Picture? {
    let size: (width: Int, height: Int)
    if let width = record.width, let height = record.height {
      size = (width, height)
    } else {
      guard let origin = try? reading.origin(of: record.file) else { return nil }
      size = (origin.width, origin.height)
    }
    let scale = min(1, Double(Self.side) / Double(max(size.width, size.height, 1)))
    func side(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
    let shape = ImageShape(height: side(size.height), width: side(size.width), channels: 3)
    return try? reading.image(at: record.file, as: shape).picture()
  }

  /// On all threads, in order.
  private func inParallel<Element: Sendable>(
    _ records: [Record], _ body: @Sendable (Record) -> Element?
  ) -> [Element?] {
    let found = Mutex([Element?](repeating: nil, count: records.count))
    DispatchQueue.concurrentPerform(iterations: records.count) { index in
      let one = body(records[index])
      found.withLock { $0[index] = one }
    }
    return found.withLock { $0 }
  }
}

extension Bitmap {
  /// As a file for a page: what is small to the pixel, what is large as a JPEG.
  func picture() throws(ImageError) -> Record.Picture {
    max(width, height) <= 64
      ? Record.Picture(.png, try png(), width: width, height: height)
      : Record.Picture(.jpeg, try jpeg(quality: 82), width: width, height: height)
  }
}

extension ImageReading {
  /// What the image at a path is in its file.
  /// - Throws: `SurprisalError.noImage`, `.unreadableImage`.
  func origin(of path: FilePath) throws(SurprisalError) -> ImageOrigin {
    // The smallest shape costs the least.
    try decoded(path, as: ImageShape(height: 1, width: 1, channels: 1)).origin
  }
}
