import Foundation
import Images
import ScoreModel
import Tensors
import Testing

@testable import Diffusion

struct ProbabilityFlowTests {
  static let d = 16

  static var mixture: GaussianMixture {
    var random = RandomSource(seed: 12)
    return GaussianMixture(
      means: (0..<3).map { _ in random.normal(d).map { 0.4 * $0 } }, variances: [0.02, 0.05, 0.1],
      weights: [0.2, 0.3, 0.5])
  }

  static let gaussian = GaussianMixture(
    means: [[Float](repeating: 0.1, count: d)], variances: [0.09], weights: [1])

  static func flow(
    _ population: GaussianMixture, _ solver: ProbabilityFlow.Solver, replicates: Int = 1, upper: Double = 80
  ) -> ProbabilityFlow {
    let (mean, variance) = population.moments
    return ProbabilityFlow(
      range: NoiseLevelRange(lower: 0.01, upper: upper),
      moments: PopulationMoments(mean: mean, variance: variance), solver: solver, dequantisation: .gaussian,
      replicates: replicates, seed: 3)
  }

  @Test("Along the ODE a Gaussian gets back its density, to the order of the solver")
  func gaussianDensity() throws {
    var random = RandomSource(seed: 1)
    let z = random.normal(Self.d).map { 0.1 + 0.3 * $0 }
    // The Jacobian is a multiple of 1, so Hutchinson's estimate is exact.
    let signs = [Float](repeating: 1, count: Self.d)
    let truth = Self.gaussian.logDensity(z, sigma: 0.01)
    func error(_ solver: ProbabilityFlow.Solver) throws -> Double {
      abs(
        try Self.flow(Self.gaussian, solver).logDensity(of: z, at: 0.01, signs: signs, under: Self.gaussian)
          .nats
          - truth)
    }
    // Second order: half the step, a quarter of the error, up to the next order's share.
    let ratio = try error(.heun(steps: 50)) / error(.heun(steps: 100))
    #expect(ratio > 3 && ratio < 5)
    // A local error of 1e-6 a value, in at most some 100 steps of 16 values.
    #expect(try error(.adaptive(tolerance: 1e-6)) < 100 * 16 * 1e-6)
  }

  @Test("Along the ODE a mixture gets back its density, whichever the solver")
  func mixtureDensity() throws {
    let mixture = Self.mixture
    for (index, solver) in [ProbabilityFlow.Solver.heun(steps: 1600), .adaptive(tolerance: 1e-6)].enumerated()
    {
      var random = RandomSource(seed: 20 + UInt64(index))
      let z = random.normal(Self.d).map { 0.5 * $0 }
      let values = try (0..<48).map { _ in
        try Self.flow(mixture, solver).logDensity(
          of: z, at: 0.01, signs: (0..<Self.d).map { _ in random.next() & 1 == 0 ? 1 : -1 }, under: mixture
        ).nats
      }
      let mean = values.reduce(0, +) / 48
      let square = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
      let error = (square / Double(48 * 47)).squareRoot()
      let truth = mixture.logDensity(z, sigma: 0.01)
      // The solver's own: 16 values at 1e-6 in some 200 steps of the pair; Heun's 1600 steps err less.
      #expect(abs(mean - truth) < 4 * error + 4e-3)
    }
  }

  @Test("ODE and integral are two roads to one number")
  func roadsMeet() throws {
    let mixture = Self.mixture
    let (mean, variance) = mixture.moments
    let moments = PopulationMoments(mean: mean, variance: variance)
    let range = NoiseLevelRange(lower: 0.002)
    var random = RandomSource(seed: 5)
    for _ in 0..<3 {
      let image = Bitmap(
        width: 4, height: 4, channels: 1,
        pixels: random.normal(Self.d).map { UInt8(min(max(127.5 * (1 + 0.4 * $0), 0), 255)) })
      let integral = try LogProbability(
        range: range, quadrature: .gaussLegendre(48, over: range), replicates: 64,
        noise: CommonNoise(seed: 6),
        moments: moments
      ).estimate(ImageBatch(shape: image.shape, images: [image]), under: mixture)[0]
      let ode = try ProbabilityFlow(
        range: range, moments: moments, solver: .heun(steps: 800), dequantisation: .gaussian, replicates: 64,
        seed: 7
      ).estimate(image, under: mixture)
      let one = try #require(integral.standardError)
      let other = try #require(ode.standardError)
      let error = (one * one + other * other).squareRoot()
      #expect(abs(integral.bitsPerDim - ode.bitsPerDim) < 4 * error + 1e-3)
    }
  }
}
