import Foundation
import Images
import Tensors
import Testing

@testable import ScoreModel

struct PreconditioningTests {
  static let sigmas: [Float] = [0.001, 0.003, 0.01, 0.1, 0.5, 1, 10, 80]
  let preconditioning = Preconditioning(mean: -0.3, deviation: 0.6)

  @Test("Scalings are EDM's: input and target of the network have variance one", arguments: sigmas)
  func scalings(sigma: Float) {
    let c = preconditioning.coefficients(sigma)
    let (s, d) = (Double(sigma), Double(preconditioning.deviation))
    // Table 1 of Karras et al. 2022; a handful of float32 roundings each.
    func near(_ a: Float, _ b: Double) -> Bool { abs(Double(a) - b) < 8 * 0x1p-24 * b }
    #expect(near(c.skip, d * d / (s * s + d * d)))
    #expect(near(c.out, s * d / (s * s + d * d).squareRoot()))
    #expect(near(c.input, 1 / (s * s + d * d).squareRoot()))
    // Var c_in (z - mu), and Var (y - mu - c_skip (z - mu)) / c_out.
    #expect(abs(Double(c.input * c.input) * (s * s + d * d) - 1) < 1e-6)
    let (skip, out) = (Double(c.skip), Double(c.out))
    #expect(abs((s * s * skip * skip + (1 - skip) * (1 - skip) * d * d) / (out * out) - 1) < 1e-5)
  }

  @Test("A Gaussian population is denoised exactly by a network that says nothing", arguments: sigmas)
  func gaussian(sigma: Float) {
    var random = RandomSource(seed: 4)
    let (mu, d) = (Double(preconditioning.mean), Double(preconditioning.deviation))
    for unit in random.normal(100) {
      let z = Float(mu + unit.double * (d * d + sigma.double * sigma.double).squareRoot())
      let exact = mu + d * d / (d * d + sigma.double * sigma.double) * (z.double - mu)
      let found = preconditioning.decode(0, noisy: z, sigma: sigma).value.double
      // Where grey levels show, the Gaussian is one over them: the mean lies within half a step of the level it rounds to.
      let grid = sigma < Preconditioning.gridVisibleBelow ? Double(Preconditioning.greyLevel) / 2 : 0
      #expect(abs(found - exact) <= grid + 8 * 0x1p-24 * (1 + abs(z.double)), "\(z)")
    }
  }

  @Test("Runs of values are decoded as single ones are, and the slope is the derivative", arguments: sigmas)
  func decode(sigma: Float) {
    var random = RandomSource(seed: 5)
    let (f, z) = (random.normal(64), random.normal(64).map { 0.6 * $0 - 0.3 })
    var run = [Float](repeating: 0, count: 64)
    preconditioning.decode(f, noisy: z, count: 64, sigma: sigma, into: &run)
    let out = preconditioning.coefficients(sigma).out
    for i in 0..<64 {
      let one = preconditioning.decode(f[i], noisy: z[i], sigma: sigma)
      // Both round m to 2^-24 of itself, which the grid's slope enlarges: below 1 + (grey level / 2 sigma)^2.
      let ratio = Preconditioning.greyLevel / sigma
      let slope = 1 + ratio * ratio / 4
      #expect(abs(run[i] - one.value) < 8 * 0x1p-24 * slope * (1 + abs(z[i])))
      #expect(one.slope >= 0 && one.slope <= slope * out)
    }
  }

  @Test("Features are finite and saturate where they should, at every level and for any value")
  func features() {
    for sigma in [1e-4, 0.001, 1, 80, 1e4] as [Float] {
      for z in [-1e4, -1, 0, 0.5, 1, 1e4] as [Float] {
        var row = [Float](repeating: .nan, count: 3)
        preconditioning.encode([z], pixels: 1, channels: 1, sigma: sigma, into: &row)
        #expect(row.allSatisfy { $0.isFinite })
        #expect(row[0] == (z - preconditioning.mean) * preconditioning.coefficients(sigma).input)
        for (feature, distance) in [(row[1], z + 1), (row[2], 1 - z)] {
          #expect(feature == min(max(distance * (1 / (4 * sigma)), -1), 1))
        }
        #expect(preconditioning.decode(0, noisy: z, sigma: sigma).value.isFinite)
      }
    }
    // Colours side by side, then their distances from black, then from white.
    var rows = [Float](repeating: .nan, count: 18)
    preconditioning.encode([1, -1, 0, 0, 0, 0], pixels: 2, channels: 3, sigma: 0.1, into: &rows)
    #expect(rows[3] == 1 && rows[4] == 0 && rows[5] == 1 && rows[6] == 0 && rows[7] == 1 && rows[8] == 1)
  }

  @Test("Mean and deviation are those of the values, and one colour has a grey level of its own")
  func ofImages() {
    var random = RandomSource(seed: 6)
    let shape = ImageShape(height: 16, width: 16, channels: 1)
    let pixels = (0..<10 * shape.count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let values = pixels.map { Double($0) / 127.5 - 1 }
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let found = Preconditioning(images: ImageBatch(shape: shape, pixels: pixels))
    #expect(
      abs(Double(found.mean) - mean) < 1e-7 && abs(Double(found.deviation) - variance.squareRoot()) < 1e-7)
    let flat = Preconditioning(
      images: ImageBatch(shape: shape, pixels: [UInt8](repeating: 9, count: shape.count)))
    #expect(flat.deviation == Preconditioning.greyLevel)
  }

  // MARK: The grid

  /// Mean and variance over all grey levels near m, in double precision.
  static func posterior(_ m: Double, sigma: Double) -> (mean: Double, variance: Double) {
    let grey = 2.0 / 255
    let levels = (-60...315).map { Double($0) * grey - 1 }
    let nearest = levels.map { ($0 - m) * ($0 - m) }.min() ?? 0
    let weights = levels.map { exp((nearest - ($0 - m) * ($0 - m)) / (2 * sigma * sigma)) }
    let total = weights.reduce(0, +)
    let mean = zip(levels, weights).reduce(0) { $0 + $1.0 * $1.1 } / total
    return (mean, zip(levels, weights).reduce(0) { $0 + ($1.0 - mean) * ($1.0 - mean) * $1.1 } / total)
  }

  @Test(
    "The grid's posterior is the sum over all grey levels, and its slope the variance over sigma^2",
    arguments: [0.02, 0.1, 0.2, 0.3, 0.5, 0.7, 0.749])
  func grid(share: Double) {
    let sigma = Float(share) * Preconditioning.greyLevel
    var random = RandomSource(seed: 7)
    for _ in 0..<200 {
      let m = Float(2.2 * random.uniform() - 1.1)
      let found = Preconditioning.gridPosterior(m, sigma: sigma)
      let exact = Self.posterior(Double(m), sigma: Double(sigma))
      // Float32 keeps m's place, up to 280 grey levels, to 280 * 2^-23 of one, 2^-22 on this scale, which the slope
      // enlarges; scaling back rounds twice. The slope's own derivative is a third cumulant over sigma^4, below 0.1 (grey
      // level / sigma)^4.
      let slope = exact.variance / (Double(sigma) * Double(sigma))
      let place = 280 * 0x1p-23
      #expect(abs(Double(found.mean) - exact.mean) < 0x1p-21 * (1 + slope), "\(m)")
      #expect(
        abs(Double(found.slope) - slope) < 1e-5 * (1 + slope) + 0.1 * place / (share * share * share * share),
        "\(m)")
    }
  }

  @Test("A grey level is its own posterior mean, and the identity takes over without a step")
  func gridEnds() {
    for value in [0, 1, 17, 128, 254, 255] {
      let x = Float(value) / 127.5 - 1
      for sigma in [1e-4, 0.001, 0.003, 0.0058] as [Float] {
        #expect(abs(Preconditioning.gridPosterior(x, sigma: sigma).mean - x) < 2e-7)
      }
    }
    // The docstring's bound, where the switch is.
    let sigma = Double(Preconditioning.gridVisibleBelow)
    for step in 0..<50 {
      let m = Double(step) / 50 * Double(Preconditioning.greyLevel)
      let gap = abs(Self.posterior(m, sigma: sigma).mean - m)
      #expect(gap < 1.1e-4 * Double(Preconditioning.greyLevel), "\(gap)")
    }
    #expect(Preconditioning.gridPosterior(0.123, sigma: Preconditioning.gridVisibleBelow).mean == 0.123)
  }
}

extension Float {
  fileprivate var double: Double { Double(self) }
}
