import Foundation

/// How well scores separate outliers from inliers.
public struct Separation: Sendable, Codable, Equatable {
  /// Probability that an outlier scores above an inlier, ties counting half.
  public let auroc: Double
  /// 95 % interval of the AUROC (DeLong et al. 1988).
  public let aurocInterval: [Double]
  /// Area under precision against recall, outliers positive (average precision).
  public let aupr: Double
  /// Share of inliers above the score that 95 % of the outliers reach.
  public let fprAt95: Double

  /// - Parameters: scores, higher is odder, neither empty. What is no number is odder than any that is, as in verdicts.
  public init(inliers: [Double], outliers: [Double]) {
    let low = Self.ordered(inliers)
    let high = Self.ordered(outliers)
    let below = Self.placements(of: high, among: low)
    let above = low.map { 1 - Self.rank($0, in: high) / Double(high.count) }
    let auroc = below.reduce(0, +) / Double(below.count)
    self.auroc = auroc
    func variance(_ parts: [Double]) -> Double {
      guard parts.count > 1 else { return 0 }
      return parts.reduce(0) { $0 + ($1 - auroc) * ($1 - auroc) } / Double(parts.count - 1)
        / Double(parts.count)
    }
    let half = 1.96 * (variance(below) + variance(above)).squareRoot()
    aurocInterval = [max(0, auroc - half), min(1, auroc + half)]
    let cut = high[Int((0.05 * Double(high.count)).rounded(.down))]
    fprAt95 = Double(low.count { $0 >= cut }) / Double(low.count)
    aupr = Self.averagePrecision(low, high)
  }

  /// For each outlier the share of the inliers that score lower, equal ones counting half: the mean is the AUROC.
  package static func placements(of outliers: [Double], among inliers: [Double]) -> [Double] {
    let low = ordered(inliers)
    return outliers.map { rank($0.isNaN ? .infinity : $0, in: low) / Double(low.count) }
  }

  private static func ordered(_ scores: [Double]) -> [Double] {
    scores.map { $0.isNaN ? .infinity : $0 }.sorted()
  }

  /// Values of `sorted` below `value`, equal ones counting half.
  private static func rank(_ value: Double, in sorted: [Double]) -> Double {
    func first(where past: (Double) -> Bool) -> Int {
      var low = 0
      var high = sorted.count
      while low < high {
        let middle = (low + high) / 2
        if past(sorted[middle]) { high = middle } else { low = middle + 1 }
      }
      return low
    }
    return 0.5 * Double(first { $0 >= value } + first { $0 > value })
  }

  private static func averagePrecision(_ inliers: [Double], _ outliers: [Double]) -> Double {
    let all = (inliers.map { ($0, false) } + outliers.map { ($0, true) }).sorted { $0.0 > $1.0 }
    var found = 0.0
    var seen = 0.0
    var area = 0.0
    var start = 0
    while start < all.count {
      let end = all[start...].firstIndex { $0.0 != all[start].0 } ?? all.count
      let hits = Double(all[start..<end].count { $0.1 })
      found += hits
      seen += Double(end - start)
      area += hits / Double(outliers.count) * found / seen
      start = end
    }
    return area
  }
}
