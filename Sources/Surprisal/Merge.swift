internal import Crypto
import Detection
import Files
import Foundation
import Reports

/// Puts the records of several runs together as one run over all their images would have told them: the order, the flags, the false
/// discovery rate, the set's p-value, and paths to the same file.
///
/// Parts are either all shards of the same paths (`Scan.Portion.shard`), or the images of several lists, one after another. What is
/// read waits on disk; memory holds some 150 bytes an image.
public struct Merge {
  public let parts: [FilePath]
  /// Of the first part; of the others as far as they are the same.
  public let facts: PartFacts
  /// How p-values become flags: as the parts were judged, unless set.
  public var rule: FlaggingRule
  /// Whether records say what images are made of (`Record.content`).
  public var hashesContent = false

  /// Images of the parts before it, for each part; of shards 0.
  private let offsets: [Int]
  private let total: Int

  /// Looks into parts for what they say of their runs.
  ///
  /// - Parameter parts: files as `Scan` writes them with a `portion`, in JSON Lines or CSV.
  /// - Throws: `PartError`, `MergeError`.
  public init(_ parts: [FilePath]) throws {
    let all = try parts.map { try PartReader($0).facts }
    guard let first = all.first else { throw MergeError.nothing }
    self.parts = parts
    facts = first
    for (path, facts) in zip(parts, all) {
      guard facts.isComplete else { throw MergeError.interrupted(part: "\(path)") }
      guard facts.settings == first.settings else {
        throw MergeError.mixture(
          part: "\(parts[0])", other: "\(path)", difference: first.settings.difference(from: facts.settings))
      }
    }
    guard let rule = FlaggingRule(name: first.settings.rule, rate: first.settings.rate) else {
      throw MergeError.damaged(part: "\(parts[0])", settings: "\(first.settings)")
    }
    self.rule = rule
    try Self.checkShards(parts, all)
    if first.shard == nil {
      offsets = all.indices.map { all[..<$0].reduce(0) { $0 + $1.found } }
      total = all.reduce(0) { $0 + $1.found }
      skipped = all.reduce(0) { $0 + $1.skipped }
    } else {
      offsets = all.map { _ in 0 }
      total = first.found
      skipped = first.skipped
    }
  }

  private let skipped: Int

  /// All shards must be there, each once, and of the same images.
  private static func checkShards(_ parts: [FilePath], _ all: [PartFacts]) throws(MergeError) {
    let shards = zip(parts, all).filter { $0.1.shard != nil }
    guard let (name, first) = shards.first, let of = first.shard?.of else { return }
    if let (whole, _) = zip(parts, all).first(where: { $0.1.shard == nil }) {
      throw .mixedKinds(whole: "\(whole)", shard: "\(name)")
    }
    var seen: [Int: FilePath] = [:]
    for (path, facts) in shards {
      guard let shard = facts.shard else { continue }
      guard shard.of == of else {
        throw .otherNumber(part: "\(name)", of: of, other: "\(path)", otherOf: shard.of)
      }
      if let other = seen.updateValue(path, forKey: shard.number) {
        throw .sameShard(part: "\(other)", other: "\(path)", shard: shard)
      }
      guard facts.found == first.found else {
        throw .otherFolder(
          part: "\(name)", found: first.found, other: "\(path)", otherFound: facts.found)
      }
    }
    let missing = (1...of).filter { seen[$0] == nil }
    guard missing.isEmpty else { throw .missing(shards: missing, of: of) }
  }

  /// Hands over all records as `Scan.run` does.
  ///
  /// - Parameter model: by which the parts were judged; its references judge the set.
  /// - Throws: `PartError`, `MergeError`, `SurprisalError`, and what `begin` and `body` throw.
  public func run(
    under model: Model, begin: (ReportTotals) throws -> Void = { _ in }, _ body: (Record) throws -> Void
  ) throws -> Scan.Summary {
    let settings = facts.settings
    guard model.digest == settings.digest else {
      throw MergeError.otherModel(digest: model.digest, parts: settings.digest, named: facts.model)
    }
    if settings.evaluations == "\(EvaluationBudget.auto)", rule.rate != settings.rate {
      throw MergeError.rateUnderAuto(settings.rate)
    }
    let spool = try Spool()
    let rows = try read(into: spool)
    var results = try ScanResults(spool)
    results.summary.skipped = skipped
    results.summary.found = total
    for again in fill(&results, rows) {
      let file = try spool.read(rows[again.row].entry).record.file
      try results.add(ImageStream.Repeat(file: file, first: again.first, place: rows[again.row].place))
    }
    if let statistic = StatisticName(rawValue: settings.statistic) {
      results.judgeSet(by: statistic, try calibration(of: model))
    }
    return try results.tell(rule, begin: begin, body)
  }

  /// What the parts were judged by; nil under `auto`.
  private func calibration(of model: Model) throws -> Calibration? {
    let evaluations = facts.settings.evaluations
    if evaluations == Judge.byEncoder { return model.sight?.calibration }
    return try Int(evaluations).map { try model.calibration(evaluations: $0) }
  }

  // MARK: Reading

  /// What memory holds of an image.
  private struct Row {
    let place: Int
    let entry: Spool.Entry
    let figures: ScanResults.Figures
    let identity: Identity?
  }

  /// 96 bits of a hash; of what says otherwise, a hash.
  private struct Identity: Hashable {
    let high: UInt64
    let low: UInt64

    init(_ text: String) {
      guard text.utf8.count == 24, let high = UInt64(text.prefix(16), radix: 16),
        let low = UInt64(text.suffix(8), radix: 16)
      else {
        self.init(hashing: Array(text.utf8))
        return
      }
      self.init(high: high, low: low)
    }

    private init(high: UInt64, low: UInt64) {
      self.high = high
      self.low = low
    }

    init(hashing bytes: [UInt8]) {
      let hash = Array(SHA256.hash(data: bytes))
      func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
      self.init(high: number(hash[..<8]), low: number(hash[8..<16]))
    }
  }

  /// Every image, in the order in which one run would have found them.
  private func read(into spool: Spool) throws -> [Row] {
    var rows: [Row] = []
    rows.reserveCapacity(total)
    var paths: [Identity: Int] = [:]
    for (index, path) in parts.enumerated() {
      let reader = try PartReader(path)
      while var record = try reader.next() {
        // Those without a part are none.
        guard let part = record.part else { continue }
        if facts.shard == nil, parts.count > 1 {
          let other = paths.updateValue(index, forKey: Identity(hashing: record.file.bytes))
          if let other, other != index { throw MergeError.twice(path: "\(record.file)") }
        }
        record.part = nil
        if !hashesContent { record.content = nil }
        let item = Spool.Item(record: record, order: part.order.map { ($0.stage, $0.score) })
        rows.append(
          Row(
            place: offsets[index] + part.place, entry: try spool.append(item),
            figures: ScanResults.Figures(item), identity: part.identity.map { Identity($0) }))
      }
    }
    rows.sort { $0.place < $1.place }
    let distinct = rows.indices.count { $0 == 0 || rows[$0].place != rows[$0 - 1].place }
    guard rows.count == total, distinct == total, rows.last?.place ?? -1 == total - 1,
      rows.first?.place ?? 0 == 0
    else { throw MergeError.incomplete(missing: total - distinct) }
    return rows
  }

  /// Images that come the first time, added; the others, by the first's number among these.
  private func fill(_ results: inout ScanResults, _ rows: [Row]) -> [(row: Int, first: Int)] {
    var repeats: [(row: Int, first: Int)] = []
    var seen: [Identity: Int] = [:]
    for (index, row) in rows.enumerated() {
      if let identity = row.identity {
        if let first = seen[identity] {
          repeats.append((index, first))
          continue
        }
        seen[identity] = results.count
      }
      results.add(row.entry, row.figures)
    }
    return repeats
  }
}
