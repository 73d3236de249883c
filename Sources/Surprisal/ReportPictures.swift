import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports

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
  private let compute: Compute
  /// The model's, where it keeps any.
  private let nearest: NearestExample?
  private var (flagged, copies, seen) = (0, 0, 0)
  private var ordinaryCount = 0
  /// Thumbnails of files that many are nearest to.
  private var known: [FilePath: Record.Picture?] = [:]

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

  /// Fills in a record's pictures, where it has a place on a page for them. What cannot be had is left out: the file may
  /// have gone meanwhile.
  public mutating func add(to record: inout Record) {
    guard record.error == nil else { return }
    if record.outlier == true {
      flagged += 1
      if flagged <= Self.most.thumbnails { addToFlagged(&record) }
      return
    }
    let rank = seen
    seen += 1
    let isShown =
      rank * Self.ordinary / max(ordinaryCount, 1) != (rank - 1) * Self.ordinary / max(ordinaryCount, 1)
    if record.copyOf != nil { copies += 1 }
    guard isShown || rank == 0 || (record.copyOf != nil && copies <= Self.mostCopies) else { return }
    var pictures = Record.Pictures()
    pictures.thumbnail = thumbnail(of: record.file)
    record.pictures = pictures
  }

  private mutating func addToFlagged(_ record: inout Record) {
    var pictures = record.pictures ?? Record.Pictures()
    pictures.thumbnail = thumbnail(of: record.file)
    let image = try? reading.image(at: record.file, as: model.shape)
    if let image {
      if flagged <= Self.most.maps { pictures.map = map(of: image) }
      if let nearest { pictures.nearest = try? nearest(to: image)?.picture() }
    }
    if let file = record.nearest {
      if known[file] == nil { known[file] = thumbnail(of: file) }
      pictures.nearest = known[file] ?? nil
      pictures.nearestFile = file
    }
    record.pictures = pictures
  }

  /// The file's image, no larger than `side`; nil where it cannot be had.
  private func thumbnail(of file: FilePath) -> Record.Picture? {
    guard let origin = try? reading.origin(of: file) else { return nil }
    let scale = min(1, Double(Self.side) / Double(max(origin.width, origin.height, 1)))
    func side(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
    let shape = ImageShape(height: side(origin.height), width: side(origin.width), channels: 3)
    return try? reading.image(at: file, as: shape).picture()
  }

  private mutating func map(of image: Bitmap) -> Record.Picture? {
    do {
      let scorer =
        try scorer
        ?? Scorer(
          model, evaluations: EvaluationBudget.standardCount, observing: [], compute: compute)
      self.scorer = scorer
      let batch = ImageBatch(shape: model.shape, images: [image])
      guard let estimate = try scorer.estimate(batch, withMap: true).first else { return nil }
      let channels = image.channels
      let bits = (0..<image.height * image.width).map { pixel in
        (0..<channels).reduce(0.0) { $0 + estimate.map[pixel * channels + $1] }
      }
      return try HeatMap.bitmap(
        bits, width: image.width, height: image.height, most: max(bits.max() ?? 0, 1e-9)
      )
      .picture()
    } catch { return nil }
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
