import Foundation
import Images
import ScoreModel
import Tensors
import Testing

@testable import Diffusion

struct LogProbabilityTests {
  /// So far below a grey level that the decoder, which knows the grid but not the population, costs nothing.
  static let belowGrid = NoiseLevelRange(lower: 0.0005)

  /// N random 8-bit images with uneven probabilities, and the exact denoiser's population of them.
  static func population(_ count: Int, d: Int, seed: UInt64) -> (images: ImageBatch, exact: FinitePopulation)
  {
    var random = RandomSource(seed: seed)
    let bytes = (0..<count * d).map { _ in UInt8(random.next() & 255) }
    let weights = (0..<count).map { _ in 0.1 + random.uniform() }
    let total = weights.reduce(0, +)
    let images = ImageBatch(shape: ImageShape(height: 4, width: d / 4, channels: 1), pixels: bytes)
    let vectors = images.indices.map { images[$0..<$0 + 1].scaled }
    return (images, FinitePopulation(images: vectors, probabilities: weights.map { $0 / total }))
  }

  @Test(
    "A finite population gets back its own probabilities",
    arguments: [(4, 16), (16, 16), (256, 16), (16, 784), (256, 784)])
  func finitePopulation(count: Int, d: Int) throws {
    let (images, exact) = Self.population(count, d: d, seed: 7)
    let range = Self.belowGrid
    // Of 256 large images the first 8 are enough to see.
    let scored = count * d > 16 * 784 ? 8 : count
    // A finite population's integrand is a bump in ln sigma, the narrower the larger d: nodes 0.1 apart resolve it.
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(128, over: range), replicates: count > 16 ? 8 : 32,
      noise: CommonNoise(seed: 5), moments: PopulationMoments(images: images))
    let estimates = try formula.estimate(images.prefix(scored), under: exact)
    var outside = 0
    var total = 0.0
    for (estimate, probability) in zip(estimates, exact.probabilities) {
      // The interval that a normal variable leaves beyond three standard errors.
      let half = try #require(estimate.halfWidth(level: 0.9973))
      if abs(estimate.bitsPerDim + log2(probability) / Double(d)) > half + 1e-3 / Double(d) { outside += 1 }
      total += exp2(-estimate.bitsPerDim * Double(d))
    }
    // 0.3 % lie beyond, and skewed replicates may double that: of 256 images 1.4 on average, more than 6 is a
    // 1 in 1000 event; of at most 16 more than one is.
    #expect(outside <= (scored > 16 ? 6 : 1))
    guard scored == count else { return }
    // Each implied probability errs by the factor 2^(error * d), the errors sharing their noise.
    let relative = try estimates.map { try #require($0.standardError) * Double(d) * log(2) }.max() ?? 0
    #expect(abs(total - 1) < 4 * relative + 0.01)
  }

  /// A denoiser between the exact one and none.
  struct Blunted: Denoiser {
    let exact: FinitePopulation
    let share: Float
    var valuesPerImage: Int { exact.valuesPerImage }
    func denoise(_ noisy: [Float], sigma: Float) -> [Float] {
      zip(exact.denoise(noisy, sigma: sigma), noisy).map { $0 + share * ($1 - $0) }
    }
  }

  @Test(
    "Probabilities over a tiny image space sum to at most 1, good denoiser or bad", arguments: [0, 0.1, 0.5])
  func tinySpace(share: Float) throws {
    // All 256 images of 2x2 pixels with 4 grey levels.
    let levels: [UInt8] = [0, 85, 170, 255]
    let bytes = (0..<256).flatMap { code in (0..<4).map { levels[code >> (2 * $0) & 3] } }
    let images = ImageBatch(shape: ImageShape(height: 2, width: 2, channels: 1), pixels: bytes)
    let vectors = images.indices.map { images[$0..<$0 + 1].scaled }
    let weights = (0..<256).map { 1 + Double($0 % 7) }
    let total = weights.reduce(0, +)
    let exact = FinitePopulation(images: vectors, probabilities: weights.map { $0 / total })
    let range = NoiseLevelRange()
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(96, over: range), replicates: 8, noise: CommonNoise(seed: 3),
      moments: PopulationMoments(images: images))
    var sum = 0.0
    var spread = 0.0
    for estimate in try formula.estimate(images, under: Blunted(exact: exact, share: share)) {
      let probability = exp2(-4 * estimate.bitsPerDim)
      sum += probability
      // Common noise: the errors of all images may be one.
      spread += probability * 4 * log(2) * (try #require(estimate.standardError))
    }
    #expect(sum < 1 + 4 * spread)
    if share == 0 { #expect(sum > 1 - 4 * spread - 0.02) } else { #expect(sum < 0.9) }
  }

  @Test("Terms and map add up to the estimate")
  func partsAddUp() throws {
    let (images, exact) = Self.population(4, d: 16, seed: 1)
    let range = NoiseLevelRange()
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(8, over: range), replicates: 3, noise: CommonNoise(),
      moments: PopulationMoments(images: images))
    for estimate in try formula.observing([.map]).estimate(images, under: exact) {
      #expect(abs(estimate.prior + estimate.integral + estimate.decoder - estimate.bitsPerDim) < 1e-12)
      #expect(abs(estimate.map.reduce(0, +) / 16 - estimate.bitsPerDim) < 1e-9)
      let integral =
        zip(estimate.integrand, formula.quadrature.weights).reduce(0) { $0 + $1.0 * $1.1 } / log(2)
      #expect(abs(integral - estimate.integral) < 1e-12)
    }
  }

  @Test("Estimates do not depend on the images beside them")
  func independence() throws {
    let (images, exact) = Self.population(4, d: 16, seed: 2)
    let range = NoiseLevelRange()
    let formula = LogProbability(
      range: range, quadrature: .gaussLegendre(8, over: range), replicates: 2, noise: CommonNoise(),
      moments: PopulationMoments(images: images))
    let together = try formula.estimate(images, under: exact)
    for index in 0..<4 {
      let alone = try formula.estimate(images[index..<index + 1], under: exact)
      #expect(alone == [together[index]])
    }
  }

  @Test("The 95 % interval holds the truth as often as it says")
  func coverage() throws {
    let (images, exact) = Self.population(4, d: 16, seed: 3)
    let below = Self.belowGrid
    var held = 0
    let seeds = 200
    for seed in 0..<seeds {
      let formula = LogProbability(
        range: below, quadrature: .gaussLegendre(64, over: below), replicates: 16,
        noise: CommonNoise(seed: UInt64(seed)),
        moments: PopulationMoments(images: images))
      let estimate = try formula.estimate(images.prefix(1), under: exact)[0]
      if abs(estimate.bitsPerDim + log2(exact.probabilities[0]) / 16) <= (estimate.halfWidth() ?? 0) {
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
