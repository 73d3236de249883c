import Foundation
import Images
import ScoreModel
import Tensors

/// What is measured once about a population's integrand: its mean over a grid of noise levels, and how much of its
/// chance each feature of the control variate explains there.
///
/// The mean places quadrature nodes; the multiples, interpolated in ln sigma, weigh the control variate. Both come
/// from images and noise of their own, so they are constants to every later estimate, which stays unbiased.
package struct IntegrandSurvey: Sendable, Equatable {
  /// Noise standard deviations, ascending, the ends of the range among them.
  package let sigmas: [Double]
  /// Mean squared error over sigma^2 a value, nats, at each level.
  package let integrand: [Double]
  /// Least-squares multiples, `[levels, ControlVariate.count]`.
  package let multiples: [Double]

  package init(sigmas: [Double], integrand: [Double], multiples: [Double]) {
    // As a file keeps them: a model scores the same before it is written and after it is read.
    func rounded(_ values: [Double]) -> [Double] { values.map { Double(Float($0)) } }
    self.sigmas = rounded(sigmas)
    self.integrand = rounded(integrand)
    self.multiples = rounded(multiples)
  }

  /// Measures on 8-bit images, `levels * N * draws` evaluations.
  ///
  /// - Parameter seed: of noise used nowhere else.
  /// - Throws: what the denoiser throws.
  package init(
    of images: ImageBatch, under denoiser: some Denoiser, range: NoiseLevelRange, control: ControlVariate,
    levels: Int = 32, draws: Int = 6, seed: UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let d = denoiser.valuesPerImage
    let clean = images.scaled
    let count = images.count
    let parts = (0..<count).map { control.image(clean[$0 * d..<($0 + 1) * d]) }
    var sigmas: [Double] = []
    var integrand: [Double] = []
    var multiples: [Double] = []
    for level in 0..<levels {
      let sigma = range.lower * pow(range.upper / range.lower, Double(level) / Double(levels - 1))
      var errors = [[Double]](repeating: [], count: count)
      var features = [[[Double]]](repeating: [], count: count)
      var power = [Double](repeating: 0, count: ControlVariate.count)
      for index in 0..<draws {
        var random = RandomSource(
          seed: seed, stream: 0x5355_5256 &+ UInt64(level) << 32 &+ UInt64(index) << 48)
        let noise = random.normal(d)
        var noisy = clean
        for i in noisy.indices { noisy[i] += Float(sigma) * noise[i % d] }
        let estimate = try denoiser.denoise(noisy, sigma: Float(sigma))
        let draw = control.draw(noise, sigma: sigma)
        for image in 0..<count {
          var total = 0.0
          for i in image * d..<(image + 1) * d {
            let error = Double(estimate[i] - clean[i])
            total += error * error
          }
          errors[image].append(total / (sigma * sigma))
          features[image].append(control.features(parts[image], draw))
          for (k, variance) in control.variances(parts[image], draw).enumerated() { power[k] += variance }
        }
      }
      let fitted = Self.leastSquares(errors, features, power: power)
      var mean = 0.0
      for image in 0..<count {
        for index in 0..<draws {
          mean += errors[image][index] - zip(fitted, features[image][index]).reduce(0) { $0 + $1.0 * $1.1 }
        }
      }
      sigmas.append(sigma)
      integrand.append(max(mean / Double(count * draws * d), 0))
      multiples += fitted
      progress(level + 1, levels)
    }
    self.init(sigmas: sigmas, integrand: integrand, multiples: multiples)
  }

  /// Multiples at any level of the range.
  func multiples(at sigma: Double) -> [Double] {
    let (low, share) = position(of: sigma)
    let m = ControlVariate.count
    return (0..<m).map {
      multiples[low * m + $0] * (1 - share) + multiples[(low + 1) * m + $0] * share
    }
  }

  /// The interval a level lies in, and how far along in ln sigma.
  private func position(of sigma: Double) -> (low: Int, share: Double) {
    let last = sigmas.count - 2
    let low = min(max((sigmas.firstIndex { $0 > sigma } ?? sigmas.count) - 1, 0), last)
    let share = log(sigma / sigmas[low]) / log(sigmas[low + 1] / sigmas[low])
    return (low, min(max(share, 0), 1))
  }

  /// Multiples that leave the least variance around each image's own mean.
  ///
  /// A ridge of 2 % of each feature's expected power keeps multiples of features that are all but collinear, or whose
  /// rare events the draws did not show, from running away.
  private static func leastSquares(
    _ errors: [[Double]], _ features: [[[Double]]], power: [Double]
  ) -> [Double] {
    let m = ControlVariate.count
    var normal = [Double](repeating: 0, count: m * m)
    var right = [Double](repeating: 0, count: m)
    for (error, rows) in zip(errors, features) {
      let n = Double(error.count)
      let mean = error.reduce(0, +) / n
      let center = (0..<m).map { j in rows.reduce(0) { $0 + $1[j] } / n }
      for (value, row) in zip(error, rows) {
        for i in 0..<m {
          right[i] += (row[i] - center[i]) * (value - mean)
          for j in 0...i { normal[i * m + j] += (row[i] - center[i]) * (row[j] - center[j]) }
        }
      }
    }
    // Cholesky; a feature without power gets the multiple 0.
    var l = normal
    for i in 0..<m {
      for j in 0...i {
        var rest = normal[i * m + j] + (i == j ? 0.02 * power[i] : 0)
        for k in 0..<j { rest -= l[i * m + k] * l[j * m + k] }
        if i == j {
          l[i * m + i] = rest > 1e-12 ? rest.squareRoot() : .infinity
        } else {
          l[i * m + j] = rest / l[j * m + j]
        }
      }
    }
    var x = right
    for i in 0..<m {
      for k in 0..<i { x[i] -= l[i * m + k] * x[k] }
      x[i] /= l[i * m + i]
    }
    for i in stride(from: m - 1, through: 0, by: -1) {
      for k in stride(from: i + 1, to: m, by: 1) { x[i] -= l[k * m + i] * x[k] }
      x[i] /= l[i * m + i]
    }
    return x
  }
}

extension Quadrature {
  /// Gauss-Legendre after a change of variable that makes the population's mean integrand nearly constant.
  ///
  /// With p the surveyed integrand plus 5 % of its mean, P its integral over ln sigma and q = P(u)/P(end), the
  /// integral of f du is P(end) times the integral over q in 0...1 of f/p: a rule for smooth f/p, which is about 1
  /// for a typical image, whose nodes crowd where the bits are.
  package static func placed(_ count: Int, by survey: IntegrandSurvey) -> Quadrature {
    let u = survey.sigmas.map { log($0) }
    let lengths = zip(u, u.dropFirst()).map { $1 - $0 }
    let f = survey.integrand
    let mean =
      zip(lengths, zip(f, f.dropFirst())).reduce(0) { $0 + $1.0 * ($1.1.0 + $1.1.1) / 2 }
      / max(lengths.reduce(0, +), 1e-300)
    guard mean > 0 else {
      return gaussLegendre(
        count, over: NoiseLevelRange(lower: survey.sigmas[0], upper: survey.sigmas[survey.sigmas.count - 1]))
    }
    let p = f.map { $0 + 0.05 * mean }
    var area = [0.0]
    for k in lengths.indices { area.append(area[k] + lengths[k] * (p[k] + p[k + 1]) / 2) }
    let total = area[area.count - 1]
    let rule = legendreRule(count)
    var sigmas: [Double] = []
    var weights: [Double] = []
    for (node, weight) in zip(rule.nodes, rule.weights) {
      let target = total * (node + 1) / 2
      let k = min(max((area.firstIndex { $0 > target } ?? area.count) - 1, 0), lengths.count - 1)
      // p is linear in the interval: solve slope/2 x^2 + p_k x = rest without cancellation.
      let slope = (p[k + 1] - p[k]) / lengths[k]
      let rest = target - area[k]
      let x = 2 * rest / (p[k] + (p[k] * p[k] + 2 * slope * rest).squareRoot())
      sigmas.append(exp(u[k] + x))
      weights.append(total * weight / 2 / (p[k] + slope * x))
    }
    return Quadrature(sigmas: sigmas, weights: weights)
  }
}
