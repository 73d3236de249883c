import Detection
import Diffusion
import Files
import Foundation
import Images
import Reports

/// Images on their way to judging one another: what was seen of each.
struct FolderLooks {
  /// One path to an image.
  struct Entry {
    var file: FilePath
    let content: Data?
    /// Where its estimate stands; nil where it is unreadable.
    let place: Int?
    let error: String?
  }

  private(set) var entries: [Entry] = []
  private(set) var images: ImageBatch
  private var estimates: [SurprisalEstimate] = []
  private var looks: [(origin: ImageOrigin?, warning: String?)] = []
  /// What each readable image is made of.
  private var contents = Packer()
  /// Whether these contents come to the same again.
  private var areLasting = true
  private(set) var recalled = 0

  init(shape: ImageShape) { images = ImageBatch(shape: shape) }

  /// Some of the files that can be read, evenly spread: those of images that are large enough for what they show to lie somehow.
  func large(_ most: Int) -> [FilePath] {
    let all = entries.filter { entry in
      guard let origin = entry.place.flatMap({ looks[$0].origin }) else { return false }
      return min(origin.width, origin.height) >= Self.large
    }
    return stride(from: 0, to: all.count, by: max(1, (all.count + most - 1) / most)).map { all[$0].file }
  }

  private static let large = 96

  /// Looks at images, at those alone of which nothing is kept.
  mutating func add(_ images: [LoadedImage], _ scorer: Scorer, _ recall: Recall?) throws {
    var unseen = ImageBatch(shape: self.images.shape)
    for image in images {
      if case .decoded(let bitmap) = image.form { unseen.append(bitmap, measures: image.measures) }
    }
    var estimates = unseen.isEmpty ? [] : try scorer.estimate(unseen)[...]
    for image in images {
      var look = Look()
      switch image.form {
      case .known(let bytes):
        recalled += 1
        look = try Recall.unpacked(bytes) { unpacker throws(Unpacker.Cut) in try Look(&unpacker) }
      case .unreadable(let error): look.error = error.description
      // Nothing is left to others to decode.
      case .encoded: break
      case .decoded(let bitmap):
        (look.origin, look.warning, look.measures) = (image.origin, image.warning, image.measures)
        (look.bitmap, look.estimate) = (bitmap, estimates.removeFirst())
      }
      add(image, look, recall)
    }
  }

  private mutating func add(_ image: LoadedImage, _ look: Look, _ recall: Recall?) {
    if case .known = image.form {
    } else if let content = image.content, image.isLasting {
      var packer = Packer()
      look.pack(&packer)
      recall?.keep(packer.data, of: content)
    }
    var place: Int?
    if let bitmap = look.bitmap, let estimate = look.estimate {
      place = images.count
      images.append(bitmap, measures: look.measures)
      estimates.append(estimate)
      looks.append((look.origin, look.warning))
      contents.add(Array(image.content ?? Data()))
      areLasting = areLasting && image.content != nil && image.isLasting
    }
    entries.append(Entry(file: image.file, content: image.content, place: place, error: look.error))
  }

  /// The images judged by one another, or what they were judged to be before.
  func verdicts(
    _ recall: Recall?, statistic: StatisticName, rule: FlaggingRule, _ scorer: Scorer
  ) throws -> FolderVerdicts {
    let all = Data(contents.bytes.sha256.utf8)
    if areLasting, let bytes = recall?.value(of: all) {
      return try Recall.unpacked(bytes) { unpacker throws(Unpacker.Cut) in
        try FolderVerdicts(&unpacker, count: images.count)
      }
    }
    let verdicts = try FolderVerdicts(
      estimates, of: images, looks: looks, statistic: statistic, rule: rule, scorer.form, scorer.quadrature)
    if areLasting { recall?.keep(verdicts.packed, of: all) }
    return verdicts
  }

  /// A file under several paths is judged once and recorded for each.
  mutating func `repeat`(_ repeats: [ImageStream.Repeat], _ summary: inout Scan.Summary) {
    let taken = entries.count
    for (file, first) in repeats.map({ ($0.file, $0.first) }) where first < taken {
      var again = entries[first]
      again.file = file
      entries.append(again)
      if again.place != nil { summary.repeats += 1 }
    }
  }

  /// The counts, which come before the records.
  func count(_ verdicts: FolderVerdicts, _ outcome: inout FolderScan.Outcome) {
    let places = entries.compactMap(\.place)
    outcome.summary.scored = places.count
    outcome.summary.unreadable = entries.count - places.count
    outcome.summary.recalled = recalled
    outcome.summary.evaluations = estimates.reduce(0) { $0 + $1.evaluations }
    outcome.summary.outliers = places.count(where: verdicts.isOutlier)
    if outcome.summary.evaluations > 0 {
      outcome.summary.meanBitsPerDim =
        estimates.reduce(0) { $0 + $1.bitsPerDim } / Double(max(estimates.count, 1))
    }
    (outcome.exactCopies, outcome.nearCopies) = (verdicts.exactCopies, verdicts.nearCopies)
    outcome.ordinary =
      images[
        images.indices.filter { verdicts.first[$0] == $0 && !verdicts.isOutlier($0) }]
  }

  /// The records, most surprising first, unreadable ones last in their order.
  func tell(
    _ verdicts: FolderVerdicts, hashesContent: Bool, _ outcome: inout FolderScan.Outcome,
    _ body: (Record) throws -> Void
  ) throws {
    var files = [FilePath](repeating: FilePath(""), count: images.count)
    // The first path to each.
    for entry in entries.reversed() { if let place = entry.place { files[place] = entry.file } }
    func key(_ index: Int) -> (Double, Double, Int) {
      let place = entries[index].place ?? 0
      let score = verdicts.scores[place]
      return (verdicts.pValues[place], score.isNaN ? -Double.infinity : -score, index)
    }
    for index in entries.indices.filter({ entries[$0].place != nil }).sorted(by: { key($0) < key($1) }) {
      guard let place = entries[index].place else { continue }
      var record = try verdicts.record(place, of: entries[index].file)
      if verdicts.first[place] != place { record.copyOf = files[verdicts.first[place]] }
      record.nearest = verdicts.nearest[place].map { files[$0] }
      if hashesContent { record.content = entries[index].content.map(Recall.hash) }
      for trouble in record.troubles ?? [] where trouble.isNamed {
        outcome.troubles[trouble.name, default: 0] += 1
      }
      try body(record)
    }
    for entry in entries where entry.place == nil {
      var record = Record(file: entry.file, error: entry.error ?? "")
      if hashesContent { record.content = entry.content.map(Recall.hash) }
      try body(record)
    }
  }
}
