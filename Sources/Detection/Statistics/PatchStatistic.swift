import Diffusion
import Dispatch
import Foundation
import Synchronization

extension StatisticName {
  /// How unlike any ordinary image's an image's patches are, as an encoder sees them.
  public static let patches = StatisticName(declaring: "patches")
}

/// Mean distance of an image's oddest patches, one in ten, to the nearest of ordinary images' (`PatchBank`), in units of what
/// an ordinary image has: PatchCore (Roth et al., arXiv 2106.08265), cross-fitted. Says where.
package struct PatchStatistic: Statistic {
  package static let name = StatisticName.patches
  package static let kinds: Set<StatisticKind> = [.sight]

  package let bank: PatchBank
  /// By which each map is multiplied: all have equal say.
  package let scales: [Float]
  /// Distance of an ordinary image's oddest patches, the median.
  package let ordinary: Double

  /// One in so many patches is among the oddest: settled on damage made up (docs/detection.md, "An encoder's eyes").
  static let rarity = 10

  private init(bank: PatchBank, scales: [Float], ordinary: Double) {
    self.bank = bank
    self.scales = scales
    // As a file keeps it.
    self.ordinary = Double(Float(ordinary))
  }

  package init(fitting estimates: GroupedEstimates) throws(CalibrationError) {
    self = try Self.crossFitted(estimates, by: CrossFit(groups: estimates.groups)).fitted
  }

  package static func crossFitted(
    _ estimates: GroupedEstimates, by split: CrossFit
  ) throws(CalibrationError) -> (fitted: Self, scores: [Double]) {
    guard split.folds >= 3 else { throw .tooFewToFit(found: estimates.count, needed: 3) }
    let maps = estimates.map { $0.features?.maps ?? [] }
    guard let first = maps.first, !first.isEmpty, maps.allSatisfy({ $0.count == first.count }) else {
      throw .unsuitable("the encoder says nothing of places")
    }
    let scales = scales(of: maps)
    let table = { @Sendable (image: Int) in PatchTable(maps[image], scales: scales) }
    let all = PatchBank.choosing(
      from: split.parts, columns: first.reduce(0) { $0 + $1.channels }, table: table)
    let scores = all.scores(of: estimates.count, by: split, table: table)
    let ordinary = max(Quantile.of(scores.sorted(), 0.5), 1e-9)
    // New images are judged by as many patches as these were: by all parts' but one's.
    let fitted = Self(bank: all.without(0), scales: scales, ordinary: ordinary)
    return (fitted, scores.map { $0 / fitted.ordinary })
  }

  /// One over the root mean square of each map's deviations from its channels' means, over all images.
  private static func scales(of maps: [[FeatureMap]]) -> [Float] {
    maps[0].indices.map { level in
      let channels = maps[0][level].channels
      var (sums, squares, count) = ([Double](repeating: 0, count: channels), 0.0, 0)
      for map in maps.map({ $0[level] }) {
        for (k, value) in map.values.enumerated() {
          sums[k % channels] += Double(value)
          squares += Double(value) * Double(value)
        }
        count += map.values.count / channels
      }
      let n = Double(max(count, 1))
      let means = sums.reduce(0) { $0 + ($1 / n) * ($1 / n) }
      // Over channels as much as over places: a map of many has no more say than one of few.
      return Float(1 / max(squares / n - means, 1e-12).squareRoot())
    }
  }

  /// Mean of the largest.
  static func score(_ distances: [Float]) -> Double {
    let most = max(distances.count / rarity, 1)
    guard !distances.contains(where: \.isNaN) else { return .nan }
    return distances.sorted(by: >).prefix(most).reduce(0) { $0 + Double($1) } / Double(most)
  }

  package func score(_ estimate: SurprisalEstimate) -> Double { score(distances(estimate)) }

  func score(_ distances: [Double]) -> Double { Self.score(distances.map { Float($0) }) }

  /// Of each patch to the nearest ordinary one, in units of ordinary images' oddest; empty where there are no maps.
  package func distances(_ estimate: SurprisalEstimate) -> [Double] {
    guard let maps = estimate.features?.maps, !maps.isEmpty else { return [] }
    return bank.distances(PatchTable(maps, scales: scales)).map { Double($0) / ordinary }
  }

  package func words(_ estimate: SurprisalEstimate, _ form: EstimateForm) -> String? {
    words(distances(estimate), form)
  }

  /// Where it is oddest, in pixels of the encoder's image.
  func words(_ distances: [Double], _ form: EstimateForm) -> String? {
    guard let map = form.features?.maps.first, distances.count == map.height * map.width,
      let peak = distances.indices.max(by: { distances[$0] < distances[$1] })
    else { return nil }
    return String(
      format: "%@ unlike any ordinary image's: %.2f times as far as ordinary",
      Wording.spot(peak, rows: map.height, columns: map.width, in: form), score(distances))
  }

  // MARK: As a file keeps it

  package var tensors: [String: [Double]] {
    [
      "bank": bank.values.map(Double.init), "scales": scales.map(Double.init), "ordinary": [ordinary],
      "columns": [Double(bank.columns)],
    ]
  }

  package init(tensor: (String, Int?) throws -> [Double]) throws {
    let columns = try tensor("columns", 1)[0]
    let values = try tensor("bank", nil).map { Float($0) }
    guard columns >= 1, columns <= 65536, columns == columns.rounded(), !values.isEmpty,
      values.count % Int(columns) == 0
    else { throw CalibrationError.unsuitable("the patches are cut") }
    self.init(
      bank: PatchBank(columns: Int(columns), values: values, counts: [values.count / Int(columns)]),
      scales: try tensor("scales", nil).map { Float($0) }, ordinary: try tensor("ordinary", 1)[0])
  }

  package func refusal(for form: EstimateForm) -> String? {
    let maps = form.features?.maps ?? []
    let wanted = maps.reduce(0) { $0 + $1.channels }
    guard bank.columns == wanted, scales.count == maps.count else {
      return "patches have \(bank.columns) features of \(scales.count) maps, not \(wanted) of \(maps.count)"
    }
    return ordinary > 0 && scales.allSatisfy { $0 > 0 } ? nil : "patches have a scale that is not above zero"
  }
}

extension PatchBank {
  /// `PatchStatistic.score` of each image, by the patches of the parts that it is not in.
  fileprivate func scores(
    of images: Int, by split: CrossFit, table: @escaping @Sendable (Int) -> PatchTable
  ) -> [Double] {
    let found = Mutex([Double](repeating: .nan, count: images))
    DispatchQueue.concurrentPerform(iterations: images) { image in
      let score = PatchStatistic.score(distances(table(image), without: split.fold[image]))
      found.withLock { $0[image] = score }
    }
    return found.withLock { $0 }
  }
}
