import Foundation

/// The law of the ordinary ones' scores from the middle up, fitted to scores of which some belong to no ordinary image.
///
/// A score's normal equivalent z is a stretch of u = (score - center) / scale (`Stretch`): Tukey's g for tails longer than
/// the normal law's, up to log-normal ones, and a parabola for shorter ones. The scores are a share of this law and, above
/// their median, a share of foreign ones whose density rises evenly from nothing there to beyond the highest (the empirical
/// null of Efron 2004, with a noise component as of Coretto and Hennig 2016). What lies below the lowest two fifths counts
/// only by its number, so that nothing is assumed of its shape.
///
/// Few scores leave many laws possible. Probabilities are means over them: exactly over center and scale, to which z is
/// nearly linear, and by five points over the stretch, which decides what is far out.
struct TailLaw: Sendable, Equatable {
  /// The likeliest law's.
  let center: Double
  let scale: Double
  let stretch: Double
  /// Share of the scores that are foreign.
  let foreign: Double
  /// Covariance of the estimates of `center` in units of `scale`, of ln `scale` and of `stretch`: 6 numbers, lower triangle
  /// by rows.
  let covariance: [Double]
  /// Laws whose probabilities are averaged.
  private let points: [Point]

  private struct Point: Equatable {
    let weight: Double
    let center: Double
    let scale: Double
    let stretch: Double
  }

  /// Values a tensor keeps.
  static let count = 10

  init(center: Double, scale: Double, stretch: Double, foreign: Double, covariance: [Double]) {
    // As a file keeps them: a law says the same before it is written and after it is read.
    func rounded(_ value: Double) -> Double { Double(Float(value)) }
    let (center, scale, stretch) = (rounded(center), rounded(scale), rounded(stretch))
    let covariance = covariance.map(rounded)
    self.center = center
    self.scale = scale
    self.stretch = stretch
    self.foreign = rounded(foreign)
    self.covariance = covariance
    let variance = max(covariance[5], 1e-12)
    points = Self.nodes.map { node, weight in
      let shifted = min(max(stretch + node * variance.squareRoot(), Stretch.least), Stretch.most)
      // Center and scale are where they are likeliest for this stretch.
      let shift = (shifted - stretch) / variance
      return Point(
        weight: weight, center: center + scale * covariance[3] * shift,
        scale: scale * exp(covariance[4] * shift),
        stretch: shifted)
    }
  }

  /// Places, in standard deviations, and weights of the mean over a normal law (Gauss and Hermite).
  private static let nodes = [
    (-2.8569700138728, 0.0112574113277), (-1.3556261799742, 0.2220759220056), (0, 0.5333333333333),
    (1.3556261799742, 0.2220759220056), (2.8569700138728, 0.0112574113277),
  ]

  /// What is known of `stretch` before any score: mean and deviation. Of distances in features of one class of images it
  /// is 0 to .3.
  private static let prior = (stretch: 0.2, deviation: 0.15)
  /// As many ordinary scores are taken to have been seen before: few scores alone cannot show that some are foreign.
  private static let trust = 30.0
  /// Share of the scores, the lowest, that count only by number.
  private static let hidden = 0.4
  /// The foreign ones reach at least this many spreads above the median.
  private static let reach = 6.0

  /// - Parameters:
  ///   - sorted: ascending finite scores, at least one.
  ///   - least: the scale is at least this; above zero.
  init(fitting sorted: [Double], least: Double) {
    let median = Quantile.of(sorted, 0.5)
    let spread = max(
      (Quantile.of(sorted, 0.75) - Quantile.of(sorted, 0.25)) / Quantile.normalQuartiles, least)
    let sample = Sample(sorted.map { ($0 - median) / spread }, hidden: Self.hidden)
    let problem = Problem(sample: sample, reach: max(sample.last, Self.reach), least: least / spread)
    var best: (point: [Double], value: Double)?
    for foreign in [-4.0, -1.5] {
      for stretch in [0.02, 0.25] {
        let found = NelderMead.minimise(
          from: [0, 0, stretch, foreign], steps: [0.1, 0.1, 0.05, 0.5], problem.surprise)
        if found.value < best?.value ?? .infinity { best = found }
      }
    }
    let point = best?.point ?? [0, 0, 0, -4]
    let scale = problem.scale(point)
    self.init(
      center: median + spread * point[0], scale: spread * scale, stretch: max(point[2], Stretch.least),
      foreign: problem.share(point),
      covariance: problem.covariance(at: point, scale: scale))
  }

  /// Probability of an ordinary score as high.
  func probability(above score: Double) -> Double {
    let variance = max(covariance[5], 1e-12)
    // What is left of center's and scale's variances once the stretch is known.
    let left = (
      covariance[0] - covariance[3] * covariance[3] / variance,
      covariance[1] - covariance[3] * covariance[4] / variance,
      covariance[2] - covariance[4] * covariance[4] / variance
    )
    return points.reduce(0) { sum, point in
      let u = (score - point.center) / point.scale
      let (z, slope) = Stretch.normal(u, point.stretch)
      let unit = scale / point.scale
      let spread = left.0 * unit * unit + 2 * left.1 * unit * u + left.2 * u * u
      return sum + point.weight * Normal.above(z / (1 + max(slope * slope * spread, 0)).squareRoot())
    }
  }

  /// What a file keeps.
  var values: [Double] { [center, scale, stretch, foreign] + covariance }

  /// - Parameter values: `count`.
  init(values: [Double]) {
    self.init(
      center: values[0], scale: values[1], stretch: values[2], foreign: values[3],
      covariance: Array(values[4..<Self.count]))
  }

  var isRegular: Bool {
    values.allSatisfy(\.isFinite) && scale > 0 && Stretch.least...Stretch.most ~= stretch
  }
}

extension TailLaw {
  /// Scores by weight: the highest one by one, the others in groups of equal number once they are many.
  fileprivate struct Sample {
    var values: [Double] = []
    var weights: [Double] = []
    let hidden: Double
    /// The lowest value that counts.
    let edge: Double
    let last: Double

    /// Highest scores that stand for themselves, and groups of the others.
    private static let single = 128
    private static let groups = 384

    init(_ sorted: [Double], hidden share: Double) {
      let first = Int(share * Double(sorted.count))
      hidden = Double(first)
      edge = sorted[first]
      last = sorted[sorted.count - 1]
      let grouped = max(sorted.count - first - Self.single, 0)
      let groups = min(grouped, Self.groups)
      for group in 0..<groups {
        let members = first + group * grouped / groups..<first + (group + 1) * grouped / groups
        values.append(sorted[members].reduce(0, +) / Double(members.count))
        weights.append(Double(members.count))
      }
      values += sorted[(first + grouped)...]
      weights += [Double](repeating: 1, count: sorted.count - first - grouped)
    }
  }

  /// The likelihood of parameters: center, ln scale, stretch, and the logit of the foreign share.
  fileprivate struct Problem {
    let sample: Sample
    let reach: Double
    let least: Double

    func scale(_ point: [Double]) -> Double { max(exp(point[1]), least) }
    func share(_ point: [Double]) -> Double { 1 / (1 + exp(-point[3])) }

    /// -ln of the posterior density, less what is constant.
    func surprise(_ point: [Double]) -> Double {
      let g = point[2]
      guard g >= Stretch.least, g <= Stretch.most else { return 1e10 * (1 + abs(g)) }
      let scale = scale(point)
      let share = share(point)
      let foreign = 2 * share / (reach * reach)
      let ordinary = (1 - share) / (scale * (2 * Double.pi).squareRoot())
      var total = 0.0
      for (x, weight) in zip(sample.values, sample.weights) {
        let (z, slope) = Stretch.normal((x - point[0]) / scale, g)
        let density = ordinary * exp(-0.5 * z * z) * slope + foreign * max(x, 0)
        total -= weight * log(density + 1e-300)
      }
      if sample.hidden > 0 {
        let (z, _) = Stretch.normal((sample.edge - point[0]) / scale, g)
        total -= sample.hidden * log((1 - share) * Normal.above(-z) + 1e-300)
      }
      let odd = (g - prior.stretch) / prior.deviation
      // A share of next to nothing is as good as any smaller.
      let idle = max(-point[3] - 8, 0)
      // Scales below the least all give the same law.
      let lost = max(log(least) - point[1], 0)
      return total + 0.5 * odd * odd - trust * log(1 - share) + 0.02 * idle * idle + lost * lost
    }

    /// Inverse of the curvature of `surprise`, less its last row and column.
    func covariance(at point: [Double], scale: Double) -> [Double] {
      let step = 1e-2
      var middle = point
      middle[1] = log(scale)
      middle[2] = max(middle[2], Stretch.least + 2 * step)
      middle[3] = max(middle[3], -8)
      func value(_ i: Int, _ a: Double, _ j: Int, _ b: Double) -> Double {
        var point = middle
        point[i] += a * step
        point[j] += b * step
        return surprise(point)
      }
      var curvature = [Double](repeating: 0, count: 16)
      for i in 0..<4 {
        for j in 0...i {
          let sum = value(i, 1, j, 1) - value(i, 1, j, -1) - value(i, -1, j, 1) + value(i, -1, j, -1)
          curvature[4 * i + j] = sum / (4 * step * step)
          curvature[4 * j + i] = curvature[4 * i + j]
        }
      }
      let inverse = SymmetricInverse.of(curvature, 4, least: 1e-2)
      var packed: [Double] = []
      for i in 0..<3 {
        for j in 0...i {
          // The center's is in units of the first spread; a score's is in units of the scale.
          let unit = (i == 0 ? 1 / scale : 1) * (j == 0 ? 1 / scale : 1)
          packed.append(inverse[4 * i + j] * unit)
        }
      }
      return packed
    }
  }
}
