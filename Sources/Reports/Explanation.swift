import Detection
import Diffusion
import Foundation

/// Why an image scores as it does, in words.
public enum Explanation {
  /// What stands out: at which noise levels; for bands and place also in which direction or where, if that part of the
  /// statistic contributes most.
  public static func words(
    _ estimate: SurprisalEstimate, sigmas: [Double], calibration: Calibration, statistic: StatisticName
  ) -> String {
    let combined = calibration.combined
    var part = statistic
    if statistic == .combined {
      let contributions = combined.contributions(estimate)
      let most = contributions.indices.max { contributions[$0] < contributions[$1] } ?? 0
      part = CombinedStatistic.parts[most]
    }
    switch part {
    case .bands: return bands(combined.bands.standardised(estimate), sigmas)
    case .spatial:
      guard let grid = estimate.breakdown?.grid else { return "" }
      return place(combined.spatial.standardised(estimate), sigmas, grid)
    case .local:
      return spot(calibration.local.standardised(estimate), estimate.breakdown)
    case .joint:
      let z = combined.joint.standardised(estimate)
      let size = z.last ?? 0
      if let most = z.dropLast().map(abs).max(), abs(size) > most { return file(size) }
    default: break
    }
    return levels(sigmas: sigmas, z: calibration.profile.standardised(estimate))
  }

  /// An image whose size as a PNG file stands out most.
  private static func file(_ z: Double) -> String {
    String(
      format: "size as a PNG file %.1f sd %@", abs(z),
      (z > 0 ? "above reference: busier than the population" : "below reference: simpler than the population")
        as NSString)
  }

  /// The run of neighbouring levels around the most unusual one that deviates the same way at least half as far.
  static func levels(sigmas: [Double], z: [Double]) -> String {
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return "" }
    let same = { (k: Int) in z[k] * z[peak] > 0 && abs(z[k]) >= abs(z[peak]) / 2 }
    var first = peak
    var last = peak
    while first > 0, same(first - 1) { first -= 1 }
    while last + 1 < z.count, same(last + 1) { last += 1 }
    return "\(scale(sigmas[peak])) (\(range(sigmas[first], sigmas[last]))) \(side(z[peak]))"
  }

  /// The most unusual band and level of `[levels, bands]`.
  private static func bands(_ z: [Double], _ sigmas: [Double]) -> String {
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return "" }
    let names = ["coarse detail", "detail along rows", "detail along columns", "diagonal detail"]
    let (low, high) = ends(peak / ErrorBreakdown.bands, of: z.count / ErrorBreakdown.bands, sigmas)
    return "\(names[peak % ErrorBreakdown.bands]) (\(range(low, high))) \(side(z[peak]))"
  }

  /// The most unusual cell and level of `[levels, rows, columns]`.
  private static func place(_ z: [Double], _ sigmas: [Double], _ grid: ErrorBreakdown.Grid) -> String {
    guard let peak = z.indices.max(by: { abs(z[$0]) < abs(z[$1]) }) else { return "" }
    let (low, high) = ends(peak / grid.cells, of: z.count / grid.cells, sigmas)
    let (row, column) = (peak % grid.cells / grid.columns, peak % grid.columns)
    let rows = third(row, of: grid.rows, ["top", "middle", "bottom"])
    let columns = third(column, of: grid.columns, ["left", "centre", "right"])
    return "\(rows) \(columns), \(scale((low * high).squareRoot())) (\(range(low, high))) \(side(z[peak]))"
  }

  /// The spot that stands out most, and where it is.
  private static func spot(_ z: [Double], _ breakdown: ErrorBreakdown?) -> String {
    guard let breakdown, let peak = z.indices.max(by: { z[$0] < z[$1] }) else { return "" }
    let (spot, shape) = (breakdown.spots[peak], breakdown.grid.shape)
    let rows = third(spot.row + spot.side / 2, of: shape.height, ["top", "middle", "bottom"])
    let columns = third(spot.column + spot.side / 2, of: shape.width, ["left", "centre", "right"])
    return
      "\(rows) \(columns), \(spot.side) pixels wide, \(spot.isDark ? "darker" : "brighter") than expected, "
      + "\(side(z[peak]))"
  }

  private static func third(_ index: Int, of count: Int, _ names: [String]) -> String {
    names[min(3 * index / max(count, 1), 2)]
  }

  /// First and last noise level of one of the groups that statistics average nodes into.
  private static func ends(_ level: Int, of levels: Int, _ sigmas: [Double]) -> (Double, Double) {
    let first = level * sigmas.count / max(levels, 1)
    let last = (level + 1) * sigmas.count / max(levels, 1) - 1
    return (sigmas[first], sigmas[max(last, first)])
  }

  private static func scale(_ sigma: Double) -> String {
    switch sigma {
    case ..<0.05: "fine texture"
    case ..<0.5: "shapes and edges"
    default: "layout and tone"
    }
  }

  private static func range(_ low: Double, _ high: Double) -> String {
    low == high ? "sigma \(short(low))" : "sigma \(short(low))-\(short(high))"
  }

  private static func side(_ z: Double) -> String {
    let way = z > 0 ? "above reference: more surprising" : "below reference: simpler than the population"
    return "\(String(format: "%.1f", abs(z))) sd \(way)"
  }

  private static func short(_ value: Double) -> String { String(format: "%.2g", value) }
}
