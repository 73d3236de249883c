import Foundation
import ScoreModel
import Tensors

/// Surprisal of one image under a population, in bits per dimension, with what it is made of.
public struct SurprisalEstimate: Sendable, Equatable {
  /// Prior + integral + decoder.
  public let bitsPerDim: Double
  /// Standard deviation of the Monte-Carlo part; nil with a single replicate, which shows none.
  public let standardError: Double?
  /// KL from the noisiest image to the prior, bits/dim.
  public let prior: Double
  /// Integral of the denoising errors over ln sigma, bits/dim.
  public let integral: Double
  /// Code length of the pixels given the least noisy image, bits/dim.
  public let decoder: Double
  /// Mean squared error over sigma^2 at each node, averaged over replicates: the integrand over d, in nats.
  public let integrand: [Double]
  /// Network evaluations spent.
  public let evaluations: Int
  /// Share of each value in prior + integral + decoder, `[d]` bits, summing to `bitsPerDim * d`; empty unless asked.
  public let map: [Double]

  public init(
    bitsPerDim: Double, standardError: Double?, prior: Double, integral: Double, decoder: Double,
    integrand: [Double], evaluations: Int, map: [Double]
  ) {
    self.bitsPerDim = bitsPerDim
    self.standardError = standardError
    self.prior = prior
    self.integral = integral
    self.decoder = decoder
    self.integrand = integrand
    self.evaluations = evaluations
    self.map = map
  }
}

/// The log-probability formula, ready to apply: `(prior + integral + decoder) / (d ln 2)` (MATH, "As computed";
/// McAllester, arXiv 2301.11108).
///
///     prior     KL( N(y, T I) || N(mu, T I + S) )
///     integral  int from sigma_0 to sigma_T of E||y - yhat||^2 / sigma^2 d ln sigma
///     decoder   E[ -ln P(v | z(t0)) ],  P a product of softmax_v( -(z - x_v)^2 / 2 t0 )
///
/// Averaged over a population it is an upper bound on the cross-entropy; for one image it is the code length under
/// the model that the denoiser defines, exact when the denoiser is.
public struct LogProbability: Sendable {
  public let range: NoiseLevelRange
  public let quadrature: Quadrature
  /// Independent draws of the noise at every node.
  public let replicates: Int
  public let noise: NoiseSource
  public let moments: PopulationMoments

  public init(
    range: NoiseLevelRange, quadrature: Quadrature, replicates: Int, noise: NoiseSource,
    moments: PopulationMoments
  ) {
    self.range = range
    self.quadrature = quadrature
    self.replicates = replicates
    self.noise = noise
    self.moments = moments
  }

  /// Estimates the surprisal of 8-bit images, all with the same noise.
  ///
  /// - Parameters:
  ///   - images: `[N, d]`.
  ///   - withMap: whether to keep each value's share.
  /// - Returns: N estimates, each independent of the other images in the call.
  /// - Throws: what the denoiser throws.
  public func estimate(
    _ images: [UInt8], under denoiser: some Denoiser, withMap: Bool = false
  ) throws -> [SurprisalEstimate] {
    let d = denoiser.valuesPerImage
    let count = images.count / d
    let clean = images.map { Float($0) / 127.5 - 1 }
    let nodes = quadrature.sigmas.count
    var errors = [Double](repeating: 0, count: count * nodes * replicates)
    var decoder = [Double](repeating: 0, count: count * replicates)
    var map = [Double](repeating: 0, count: withMap ? images.count : 0)
    for replicate in 0..<replicates {
      for (node, sigma) in quadrature.sigmas.enumerated() {
        let draw = self.draw(node: node, replicate: replicate, count: d)
        let noisy = Self.add(draw, times: Float(sigma), to: clean)
        let estimate = try denoiser.denoise(noisy, sigma: Float(sigma))
        let share = quadrature.weights[node] / (sigma * sigma * log(2) * Double(replicates))
        for image in 0..<count {
          var total = 0.0
          for i in image * d..<(image + 1) * d {
            let error = Double(estimate[i] - clean[i])
            total += error * error
            if withMap { map[i] += share * error * error }
          }
          errors[(image * replicates + replicate) * nodes + node] = total / (sigma * sigma * Double(d))
        }
      }
      // Its own stream, past the nodes'.
      let draw = self.draw(node: nodes, replicate: replicate, count: d)
      for image in 0..<count {
        for i in 0..<d {
          let bits = Self.decoderBits(draw[i], value: images[image * d + i], sigma: range.lower)
          decoder[image * replicates + replicate] += bits / Double(d)
          if withMap { map[image * d + i] += bits / Double(replicates) }
        }
      }
    }
    return (0..<count).map { image in
      let priors = priorBits(clean[image * d..<(image + 1) * d])
      if withMap { for i in 0..<d { map[image * d + i] += priors[i] } }
      return summarise(
        prior: priors.reduce(0, +) / Double(d),
        errors: Array(errors[image * replicates * nodes..<(image + 1) * replicates * nodes]),
        decoder: Array(decoder[image * replicates..<(image + 1) * replicates]),
        map: withMap ? Array(map[image * d..<(image + 1) * d]) : [])
    }
  }

  /// The noise of one node and replicate, `[count]`.
  func draw(node: Int, replicate: Int, count: Int) -> [Float] {
    var random = RandomSource(
      seed: noise.seed, stream: 0x4E4F_4445 &+ UInt64(node) << 32 &+ UInt64(replicate) << 48)
    return random.normal(count)
  }

  private static func add(_ noise: [Float], times sigma: Float, to clean: [Float]) -> [Float] {
    var noisy = clean
    for start in stride(from: 0, to: clean.count, by: noise.count) {
      for i in 0..<noise.count { noisy[start + i] += sigma * noise[i] }
    }
    return noisy
  }

  private func summarise(
    prior: Double, errors: [Double], decoder: [Double], map: [Double]
  ) -> SurprisalEstimate {
    let nodes = quadrature.weights.count
    var integrand = [Double](repeating: 0, count: nodes)
    var totals: [Double] = []
    for replicate in 0..<replicates {
      var total = 0.0
      for node in 0..<nodes {
        let error = errors[replicate * nodes + node]
        integrand[node] += error / Double(replicates)
        total += quadrature.weights[node] * error / log(2)
      }
      totals.append(total + decoder[replicate])
    }
    let mean = totals.reduce(0, +) / Double(replicates)
    let meanDecoder = decoder.reduce(0, +) / Double(replicates)
    let spread = totals.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return SurprisalEstimate(
      bitsPerDim: prior + mean,
      standardError: replicates > 1
        ? (spread / Double(replicates * (replicates - 1))).squareRoot() : nil,
      prior: prior, integral: mean - meanDecoder, decoder: meanDecoder, integrand: integrand,
      evaluations: nodes * replicates, map: map)
  }

  /// KL( N(y, T) || N(mu, T + S) ) of each value, in bits.
  private func priorBits(_ image: ArraySlice<Float>) -> [Double] {
    let t = range.upper * range.upper
    return image.enumerated().map { index, y in
      let difference = Double(y - moments.mean[index])
      let total = t + Double(moments.variance[index])
      // ratio - 1 - ln ratio, by log1p of the small difference.
      let less = -Double(moments.variance[index]) / total
      return 0.5 * (difference * difference / total + less - log1p(less)) / log(2)
    }
  }

  /// -log2 softmax over the 256 grey levels of the true one, for z = x_v + sigma * draw.
  static func decoderBits(_ draw: Float, value: UInt8, sigma: Double) -> Double {
    let grey = Double(Preconditioning.greyLevel)
    let z = Double(value) + Double(draw) * sigma / grey
    let sharpness = -0.5 * grey * grey / (sigma * sigma)
    let own = sharpness * (z - Double(value)) * (z - Double(value))
    // Grey levels further than this from z weigh less than 1e-16 of the nearest.
    let reach = (74 / -sharpness).squareRoot() + 1
    let first = max(0, Int((z - reach).rounded(.down)))
    let last = min(255, Int((z + reach).rounded(.up)))
    var total = first <= last && (first...last).contains(Int(value)) ? 0.0 : 1.0
    for v in stride(from: first, through: last, by: 1) {
      total += exp(sharpness * (z - Double(v)) * (z - Double(v)) - own)
    }
    return log2(total)
  }
}
