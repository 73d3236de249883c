import Detection
import Diffusion
import Foundation
import Images
import Reports

/// What images that judge one another are found to be, each by its place among the readable ones.
///
/// Depends on the contents of all of them alone, and is kept as a whole: a folder in which nothing has changed is judged once.
struct FolderVerdicts {
  /// Images with the pixels of an earlier one, and further ones that show the same.
  let exactCopies: Int
  let nearCopies: Int
  /// The first image that shows the same.
  let first: [Int]
  /// The ordinary image that is most like a flagged one, where there is any.
  let nearest: [Int?]
  let scores: [Double]
  let pValues: [Double]
  private let flags: [UInt8]
  /// Each image's record, packed, one after another, and where it ends.
  private let ends: [Int]
  private let records: [UInt8]

  func isOutlier(_ place: Int) -> Bool { flags[place] != 0 }

  /// - Parameters:
  ///   - looks: of every image, in the order of `estimates`.
  /// - Throws: `CalibrationError.tooFewToJudge`.
  init(
    _ estimates: [SurprisalEstimate], of images: ImageBatch,
    looks: [(origin: ImageOrigin?, warning: String?)],
    statistic: StatisticName, rule: FlaggingRule, _ form: EstimateForm, _ quadrature: Quadrature
  ) throws(CalibrationError) {
    let copies = CopyGroups(of: images)
    let judged = try CrossJudgement(estimates, copies: copies, statistic: statistic, rule: rule)
    (exactCopies, nearCopies, first) = (copies.exact, copies.near, copies.first)
    let ordinary = OrdinaryImages(
      copies.representatives.filter { !judged.isOutlier($0) }, images: images, estimates: estimates)
    nearest = estimates.indices.map { judged.isOutlier($0) ? ordinary.nearest(to: $0) : nil }
    (scores, pValues) = (judged.scores, judged.pValues)
    flags = estimates.indices.map { judged.isOutlier($0) ? 1 : 0 }
    var packer = Packer()
    var ends: [Int] = []
    for (place, estimate) in estimates.enumerated() {
      var record = Record(file: FilePath(""))
      (record.width, record.height) = (looks[place].origin?.width, looks[place].origin?.height)
      record.format = looks[place].origin?.format
      record.warning = looks[place].warning
      record.statistic = statistic.rawValue
      record.score = scores[place]
      record.pValue = pValues[place]
      record.evaluations = estimate.evaluations
      record.relativeTo = "folder"
      let findings = judged.findings(place, estimate, form)
      if !findings.isEmpty { record.troubles = findings.map(Record.Trouble.init) }
      record.reason = judged.words(place, estimate, form)
      if estimate.evaluations > 0 {
        record.bitsPerDim = estimate.bitsPerDim
        record.standardError = estimate.standardError
        record.profile = judged.profile.levels(estimate, quadrature)
      }
      record.pack(&packer)
      ends.append(packer.bytes.count)
    }
    (records, self.ends) = (packer.bytes, ends)
  }

  /// An image's record; what it is a copy of is for who knows the paths.
  func record(_ place: Int, of file: FilePath) throws(SurprisalError) -> Record {
    let start = place > 0 ? ends[place - 1] : 0
    var record = try Recall.unpacked(Data(records[start..<ends[place]])) { unpacker throws(Unpacker.Cut) in
      try Record(file: file, &unpacker)
    }
    record.outlier = isOutlier(place)
    return record
  }

  // MARK: As the cache keeps it

  var packed: Data {
    var packer = Packer()
    packer.add(exactCopies)
    packer.add(nearCopies)
    packer.add(first)
    packer.add(nearest.map { $0 ?? -1 })
    packer.add(scores)
    packer.add(pValues)
    packer.add(flags)
    packer.add(ends)
    packer.add(records)
    return packer.data
  }

  /// - Parameter count: of images that they are to be of.
  init(_ unpacker: inout Unpacker, count: Int) throws(Unpacker.Cut) {
    exactCopies = try unpacker.take()
    nearCopies = try unpacker.take()
    first = try unpacker.take([Int].self)
    nearest = try unpacker.take([Int].self).map { $0 >= 0 ? $0 : nil }
    scores = try unpacker.take([Double].self)
    pValues = try unpacker.take([Double].self)
    flags = try unpacker.take([UInt8].self)
    ends = try unpacker.take([Int].self)
    records = try unpacker.take([UInt8].self)
    guard
      [first.count, nearest.count, scores.count, pValues.count, flags.count, ends.count].allSatisfy({
        $0 == count
      })
    else {
      throw Unpacker.Cut()
    }
  }
}

/// The ordinary images of a folder, to find the one that an odd one is most like: by what the network saw in both, or by their
/// pixels where it was not asked.
private struct OrdinaryImages {
  private let places: [Int]
  private let distance: FeatureDistance
  private let features: (Int) -> [Float]

  /// - Parameter places: of the ordinary ones among `images`, each of which has its estimate.
  init(_ places: [Int], images: ImageBatch, estimates: [SurprisalEstimate]) {
    self.places = places
    features = { place in
      estimates[place].appearance?.activations ?? images.pixels(of: place).map { Float($0) }
    }
    distance = FeatureDistance(places.map(features))
  }

  func nearest(to place: Int) -> Int? { distance.nearest(to: features(place)).map { places[$0] } }
}
