import Foundation

/// One page: a verdict, all scores as histograms, then what is odd with pictures, copies, unreadable files, the ordinary
/// ones, and the run. Sorts, filters and marks by a script of its own; without scripts it is all there to read.
///
/// Of very many images some are left out, and it says how many; memory holds those it shows.
struct HTMLFormat: RecordFormat {
  /// Flagged images with cards.
  static let mostCards = 2000
  /// Ordinary images that are all listed; of more, `sample` evenly over their ranks.
  static let mostRows = 10_000
  static let sample = 2000
  static let mostCopies = 200
  static let mostUnreadable = 2000

  private var totals = ReportTotals(scored: 0, outliers: 0, unreadable: 0)
  private var facts = ReportFacts()
  private var flagged: [Record] = []
  private var ordinary: [Record] = []
  private var unreadable: [Record] = []
  private var values: [(score: Double?, pValue: Double?, isFlagged: Bool)] = []
  /// Of the flagged, and of the others.
  private var (flaggedSeen, ordinarySeen) = (0, 0)
  private var copies = PageCopies(most: HTMLFormat.mostCopies)
  private var reasons: [String: Int] = [:]
  private var folders: [String: Int] = [:]

  mutating func begin(_ totals: ReportTotals) -> String {
    self.totals = totals
    return ""
  }

  mutating func take(_ facts: ReportFacts) { self.facts = facts }

  mutating func line(_ record: Record) -> String {
    if record.error != nil {
      if unreadable.count < Self.mostUnreadable { keep(record, \.unreadable) }
      return ""
    }
    let isFlagged = record.outlier == true
    values.append((record.score, record.pValue, isFlagged))
    copies.take(record)
    if isFlagged {
      flaggedSeen += 1
      if flagged.count < Self.mostCards { keep(record, \.flagged) }
    } else {
      if isSampled(ordinarySeen) { keep(record, \.ordinary) }
      ordinarySeen += 1
    }
    return ""
  }

  private mutating func keep(_ record: Record, _ list: WritableKeyPath<Self, [Record]>) {
    for reason in record.pageReasons { reasons[reason, default: 0] += 1 }
    folders[record.pageFolder, default: 0] += 1
    self[keyPath: list].append(record)
  }

  /// Whether the ordinary image of this rank is listed.
  private func isSampled(_ rank: Int) -> Bool {
    let all = totals.scored - totals.outliers
    guard all > Self.mostRows else { return true }
    return rank * Self.sample / all != (rank - 1) * Self.sample / all || rank == 0
  }

  var end: String {
    Page.render(
      "report", title: "Surprisal: \(verdict)", identity: identity, styles: PackageResources.report_css,
      script: PackageResources.report_js, content)
  }

  /// Marks belong to the images of one run.
  private var identity: String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for record in flagged + unreadable {
      // FNV-1a (Fowler, Noll, Vo), over the names.
      for byte in record.file.bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    return String(hash, radix: 16)
  }

  private var verdict: String {
    if let decision = totals.decision { return "\(decision)" }
    let belong = totals.outliers == 1 ? "does not belong" : "do not belong"
    let broken = totals.unreadable > 0 ? ", \(totals.unreadable.spaced) unreadable" : ""
    return totals.scored == 0 && totals.unreadable == 0
      ? "No images" : "\(totals.outliers.spaced) of \(totals.scored.spaced) images \(belong)\(broken)"
  }

  private var content: [String: Any] {
    func left(_ shown: Int, _ all: Int, _ what: String) -> Any? {
      shown < all
        ? "\(shown.spaced) of \(all.spaced) \(what) are on this page; --format csv or jsonl has all." : nil
    }
    let stem = PageStem(of: (flagged + unreadable + ordinary).map(\.file))
    var content: [String: Any] = [
      "verdict": verdict, "incomplete": !totals.isComplete, "notes": facts.notes,
      "reasons": choices(reasons), "folders": choices(folders),
      "flaggedHeading": "Odd, the oddest first",
      "flagged": flagged.enumerated().map { $1.card(rank: $0, stem) },
      "hasUnreadable": !unreadable.isEmpty, "unreadableHeading": "Unreadable: \(totals.unreadable.spaced)",
      "unreadable": unreadable.enumerated().map { $1.unreadableRow(rank: $0, stem) },
      "hasCopies": !copies.groups.isEmpty, "copies": copies.content(stem),
      "copiesHeading": "Images that show the same: \(copies.seen.spaced)",
      "hasOrdinary": !ordinary.isEmpty, "rows": rows(stem).script,
      "ordinaryHeading": "Ordinary: \(ordinarySeen.spaced)",
      "gallery": ordinary.compactMap { record in
        record.pictures?.thumbnail?.content(alt: record.path.printable)
      },
      "hasFacts": !facts.facts.isEmpty || !facts.steps.isEmpty,
      "facts": facts.facts.map { ["name": $0.name, "value": $0.value] },
      "hasSteps": !facts.steps.isEmpty,
      "steps": facts.steps.map { ["command": $0.command, "purpose": $0.purpose] },
    ]
    if !stem.shown.isEmpty { content["stem"] = stem.shown }
    content["flaggedMore"] = left(flagged.count, flaggedSeen, "flagged images")
    content["unreadableMore"] = left(unreadable.count, totals.unreadable, "unreadable files")
    content["copiesMore"] = left(copies.groups.count, copies.seen, "groups")
    content["ordinaryMore"] = left(ordinary.count, ordinarySeen, "ordinary images")
    if !values.isEmpty { content["histograms"] = ["charts": [pValues.content, scores.content]] }
    return content
  }

  private func rows(_ stem: PageStem) -> PageRows {
    var rows = PageRows(stem: stem.shown)
    for record in ordinary { rows.append(record) }
    return rows
  }

  private func choices(_ counts: [String: Int]) -> [[String: Any]] {
    counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { ["name": $0.key, "count": $0.value] }
  }

  private var pValues: Histogram {
    var histogram = Histogram(
      values.compactMap { value in value.pValue.map { ($0, value.isFlagged) } },
      caption: "p-values; dashed: as many as there would be of each if all belonged", from: 0, to: 1, bins: 40
    )
    histogram.level = Double(values.count) / 40
    return histogram
  }

  private var scores: Histogram {
    let known = values.compactMap { value in value.score.map { ($0, value.isFlagged) } }
    let finite = known.map(\.0).filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 1)
    var histogram = Histogram(
      known, caption: "scores, higher is odder; red: flagged", from: low, to: max(high, low + 1e-9), bins: 40)
    let odd = known.filter { $0.1 && $0.0.isFinite }.map(\.0).min()
    let even = known.filter { !$0.1 && $0.0.isFinite }.map(\.0).max()
    // A line only where it parts the two.
    if let odd, let even, odd >= even { histogram.limit = (odd + even) / 2 }
    return histogram
  }
}

extension Int {
  /// Thousands apart.
  var spaced: String {
    var digits = String(magnitude)
    var place = digits.count - 3
    while place > 0 {
      digits.insert("\u{202F}", at: digits.index(digits.startIndex, offsetBy: place))
      place -= 3
    }
    return (self < 0 ? "-" : "") + digits
  }
}
