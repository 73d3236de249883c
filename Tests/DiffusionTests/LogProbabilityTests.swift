import Foundation
import ScoreModel
import Tensors
import Testing

@testable import Diffusion

struct LogProbabilityTests {
  /// So far below a grey level that the decoder, which knows the grid but not the population, costs nothing.
  static let belowGrid = NoiseLevelRange(lower: 0.0005)

  /// N random 8-bit images with uneven probabilities, as bytes and as the exact denoiser's population.
  static func population(_ count: Int, d: Int, seed: UInt64) -> (bytes: [UInt8], exact: FinitePopulation) {
    var random = RandomSource(seed: seed)
    let bytes = (0..<count * d).map { _ in UInt8(random.next() & 255) }
    let weights = (0..<count).map { _ in 0.1 + random.uniform() }
    let total = weights.reduce(0, +)
    let images = (0..<count).map { i in bytes[i * d..<(i + 1) * d].map { Float($0) / 127.5 - 1 } }
    return (bytes, FinitePopulation(images: images, probabilities: weights.map { $0 / total }))
  }

  @Test("A finite population gets back its own probabilities", arguments: [(4, 16), (16, 16), (16, 784)])
  func finitePopulation(count: Int, d: Int) throws {
    let (bytes, exact) = Self.population(count, d: d, seed: 7)
    let range = Self.belowGrid
    // A finite population's integrand is a bump in ln sigma, the narrower the larger d: nodes 0.1 apart resolve it.
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(128, over: range), replicates: 32, noise: NoiseSource(seed: 5),
      moments: PopulationMoments(images: bytes, valuesPerImage: d))
    let estimates = try formula.estimate(bytes, under: exact)
    var outside = 0
    var total = 0.0
    for (estimate, probability) in zip(estimates, exact.probabilities) {
      let error = try #require(estimate.standardError)
      if abs(estimate.bitsPerDim + log2(probability) / Double(d)) > 3 * error + 1e-3 / Double(d) {
        outside += 1
      }
      total += exp2(-estimate.bitsPerDim * Double(d))
    }
    // 0.5 % of a t distribution with 31 degrees of freedom lies beyond 3 standard errors: of 16 images, more than
    // one would be a 1 in 500 event.
    #expect(outside <= 1)
    // Each implied probability errs by the factor 2^(error * d), the errors sharing their noise.
    let relative = try estimates.map { try #require($0.standardError) * Double(d) * log(2) }.max() ?? 0
    #expect(abs(total - 1) < 4 * relative + 0.01)
  }

  @Test("Terms and map add up to the estimate")
  func partsAddUp() throws {
    let (bytes, exact) = Self.population(4, d: 16, seed: 1)
    let range = NoiseLevelRange()
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(8, over: range), replicates: 3, noise: NoiseSource(),
      moments: PopulationMoments(images: bytes, valuesPerImage: 16))
    for estimate in try formula.estimate(bytes, under: exact, withMap: true) {
      #expect(abs(estimate.prior + estimate.integral + estimate.decoder - estimate.bitsPerDim) < 1e-12)
      #expect(abs(estimate.map.reduce(0, +) / 16 - estimate.bitsPerDim) < 1e-9)
      let integral =
        zip(estimate.integrand, formula.quadrature.weights).reduce(0) { $0 + $1.0 * $1.1 } / log(2)
      #expect(abs(integral - estimate.integral) < 1e-12)
    }
  }

  @Test("Estimates do not depend on the images beside them")
  func independence() throws {
    let (bytes, exact) = Self.population(4, d: 16, seed: 2)
    let range = NoiseLevelRange()
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(8, over: range), replicates: 2, noise: NoiseSource(),
      moments: PopulationMoments(images: bytes, valuesPerImage: 16))
    let together = try formula.estimate(bytes, under: exact)
    for index in 0..<4 {
      let alone = try formula.estimate(Array(bytes[index * 16..<(index + 1) * 16]), under: exact)
      #expect(alone == [together[index]])
    }
  }

  @Test("The interval of two standard errors holds the truth as often as it says")
  func coverage() throws {
    let (bytes, exact) = Self.population(4, d: 16, seed: 3)
    let below = Self.belowGrid
    var held = 0
    let seeds = 200
    for seed in 0..<seeds {
      let formula = LogProbability(
        range: below, quadrature: .gaussLegendre(64, over: below), replicates: 16,
        noise: NoiseSource(seed: UInt64(seed)),
        moments: PopulationMoments(images: bytes, valuesPerImage: 16))
      let estimate = try formula.estimate(Array(bytes[..<16]), under: exact)[0]
      // 2.13 is the 97.5 % point of Student's t with 15 degrees of freedom.
      if abs(estimate.bitsPerDim + log2(exact.probabilities[0]) / 16) <= 2.13 * (estimate.standardError ?? 0)
      {
        held += 1
      }
    }
    // 95 % of 200 with binomial standard deviation 3.1, three of them either way; the replicates' distribution is
    // skewed, which costs Student's interval up to 3 points.
    #expect((175...200).contains(held), "\(held) of \(seeds)")
  }

  @Test("Gauss-Legendre nodes integrate polynomials of degree 2n-1 exactly", arguments: [1, 2, 5, 12, 32])
  func quadrature(count: Int) {
    let rule = Quadrature.legendreRule(count)
    for degree in 0..<2 * count {
      let exact = degree % 2 == 0 ? 2 / Double(degree + 1) : 0
      let value = zip(rule.nodes, rule.weights).reduce(0) { $0 + $1.1 * pow($1.0, Double(degree)) }
      #expect(abs(value - exact) < 1e-12)
    }
  }

  @Test("The decoder's probabilities over all 256 grey levels sum to 1", arguments: [0.0005, 0.002, 0.02])
  func decoder(sigma: Double) {
    // For a fixed z, the code lengths of all values v that it could stand for.
    let grey = Double(Preconditioning.greyLevel)
    for z in [0.0, 3.4, 128.5, 255.2] {
      let total = (0...255).reduce(0.0) { sum, v in
        let draw = Float((z - Double(v)) * grey / sigma)
        return sum + exp2(-LogProbability.decoderBits(draw, value: UInt8(v), sigma: sigma))
      }
      // z is rebuilt from a float32 draw: 1e-7 of up to 1e3 sigma, in exponents up to 1e5 of their own.
      #expect(abs(total - 1) < 0.02)
    }
  }
}
