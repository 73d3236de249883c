import Foundation
import Images
import ScoreModel
import Tensors

/// Surprisal of one image under a population, in bits per dimension, with what it is made of.
public struct SurprisalEstimate: Sendable, Equatable {
  /// Prior + integral + decoder.
  public let bitsPerDim: Double
  /// Standard deviation of the Monte-Carlo part; nil with a single replicate, which shows none.
  public let standardError: Double?
  /// Degrees of freedom behind the standard error (Welch and Satterthwaite): its interval is Student's.
  public let degreesOfFreedom: Double?
  /// KL from the noisiest image to the prior, bits/dim.
  public let prior: Double
  /// Integral of the denoising errors over ln sigma, bits/dim.
  public let integral: Double
  /// Code length of the pixels given the least noisy image, bits/dim.
  public let decoder: Double
  /// Estimated integrand at each node, nats a value: mean squared error over sigma^2, less the control variate.
  /// Its quadrature is the integral. Chance can carry it below zero.
  public let integrand: [Double]
  /// Mean squared error over sigma^2 at each node as it was, averaged over replicates: what statistics compare.
  public let errors: [Double]
  /// Those errors by place and by scale; nil for vectors that are no images (`LogProbability.shape`).
  public let breakdown: ErrorBreakdown?
  /// Code length of the image under the Gaussian of the control variate, bits/dim; nil without one.
  public let gaussianBitsPerDim: Double?
  /// Length of the image's pixels as a lossless general-purpose code, bits/dim, where whoever scored it measured that.
  public var compressedBitsPerDim: Double?
  /// Network evaluations spent.
  public let evaluations: Int
  /// Share of each value in prior + integral + decoder, `[d]` bits, summing to `bitsPerDim * d`; empty unless asked.
  public let map: [Double]

  public init(
    bitsPerDim: Double, standardError: Double?, degreesOfFreedom: Double? = nil, prior: Double,
    integral: Double, decoder: Double, integrand: [Double], errors: [Double],
    breakdown: ErrorBreakdown? = nil, gaussianBitsPerDim: Double? = nil, compressedBitsPerDim: Double? = nil,
    evaluations: Int, map: [Double]
  ) {
    self.bitsPerDim = bitsPerDim
    self.standardError = standardError
    self.degreesOfFreedom = degreesOfFreedom
    self.prior = prior
    self.integral = integral
    self.decoder = decoder
    self.integrand = integrand
    self.errors = errors
    self.breakdown = breakdown
    self.gaussianBitsPerDim = gaussianBitsPerDim
    self.compressedBitsPerDim = compressedBitsPerDim
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
///
/// Noise is independent between nodes and between replicates. The standard error adds up each node's own spread
/// over its replicates, `sum w_k^2 s_k^2 / R`, which has as many degrees of freedom as there are nodes that matter.
public struct LogProbability: Sendable {
  /// A control variate with its learned multiples.
  public struct Control: Sendable {
    public let variate: ControlVariate
    public let survey: IntegrandSurvey

    public init(variate: ControlVariate, survey: IntegrandSurvey) {
      self.variate = variate
      self.survey = survey
    }
  }

  public let range: NoiseLevelRange
  public let quadrature: Quadrature
  /// Independent draws of the noise at every node.
  public let replicates: Int
  public let noise: NoiseSource
  public let moments: PopulationMoments
  public let control: Control?
  /// Height, width and channels of the images; nil where values have no places, and estimates then no breakdown.
  public let shape: ImageShape?

  public init(
    range: NoiseLevelRange, quadrature: Quadrature, replicates: Int, noise: NoiseSource,
    moments: PopulationMoments, control: Control? = nil, shape: ImageShape? = nil
  ) {
    self.range = range
    self.quadrature = quadrature
    self.replicates = replicates
    self.noise = noise
    self.moments = moments
    self.control = control
    self.shape = shape
  }

  /// What one image's evaluations add up to.
  private struct Sums {
    /// `[nodes][replicates]`, less the control variate.
    var integrand: [[Double]]
    /// `[nodes]`, as they were.
    var errors: [Double]
    /// `[replicates]`, bits.
    var decoder: [Double]
    var map: [Double]
    var breakdown: ErrorBreakdown?
  }

  /// Estimates the surprisal of 8-bit images, all with the same noise.
  ///
  /// - Parameters:
  ///   - images: N of the denoiser's size.
  ///   - withMap: whether to keep each value's share.
  /// - Returns: N estimates, each independent of the other images in the call.
  /// - Throws: what the denoiser throws.
  public func estimate(
    _ images: ImageBatch, under denoiser: some Denoiser, withMap: Bool = false
  ) throws -> [SurprisalEstimate] {
    let d = denoiser.valuesPerImage
    let count = images.count
    let clean = images.scaled
    let nodes = quadrature.sigmas.count
    let empty = Sums(
      integrand: [[Double]](repeating: [], count: nodes), errors: [Double](repeating: 0, count: nodes),
      decoder: [], map: [Double](repeating: 0, count: withMap ? d : 0),
      breakdown: shape.map { ErrorBreakdown(grid: ErrorBreakdown.Grid($0), nodes: nodes) })
    var scaled = [Float](repeating: 0, count: d)
    var sums = [Sums](repeating: empty, count: count)
    // Errors with their sign, over the nodes that show shapes.
    var leaning = [Float](repeating: 0, count: shape == nil ? 0 : count * d)
    let showing = shape == nil ? [] : shapeNodes
    let part = 1 / Float(max(showing.count, 1) * replicates)
    let parts = control.map { control in
      (0..<count).map { control.variate.image(clean[$0 * d..<($0 + 1) * d]) }
    }
    for replicate in 0..<replicates {
      for (node, sigma) in quadrature.sigmas.enumerated() {
        let draw = self.draw(node: node, replicate: replicate, count: d)
        let noisy = Self.add(draw, times: Float(sigma), to: clean)
        let estimate = try denoiser.denoise(noisy, sigma: Float(sigma))
        let companion = control.map {
          (draw: $0.variate.draw(draw, sigma: sigma), multiples: $0.survey.multiples(at: sigma))
        }
        let share = quadrature.weights[node] / (log(2) * Double(replicates))
        for image in 0..<count {
          var total = 0.0
          for i in 0..<d {
            let error = Double(estimate[image * d + i] - clean[image * d + i]) / sigma
            scaled[i] = Float(error)
            total += error * error
            if withMap { sums[image].map[i] += share * error * error }
          }
          if showing.contains(node) {
            for i in 0..<d { leaning[image * d + i] += part * scaled[i] }
          }
          scaled.withUnsafeBufferPointer {
            sums[image].breakdown?.add($0.baseAddress!, node: node, share: 1 / Float(replicates))
          }
          sums[image].errors[node] += total / Double(d * replicates)
          if let control, let companion, let parts {
            let features = control.variate.features(parts[image], companion.draw)
            total -= zip(companion.multiples, features).reduce(0) { $0 + $1.0 * $1.1 }
            if withMap {
              let taken = control.variate.map(parts[image], companion.draw, multiples: companion.multiples)
              for i in 0..<d { sums[image].map[i] -= share * taken[i] }
            }
          }
          sums[image].integrand[node].append(total / Double(d))
        }
      }
      // Its own stream, past the nodes'.
      let draw = self.draw(node: nodes, replicate: replicate, count: d)
      for image in 0..<count {
        var total = 0.0
        for i in 0..<d {
          let bits = Self.decoderBits(draw[i], value: images.pixels[image * d + i], sigma: range.lower)
          total += bits / Double(d)
          if withMap { sums[image].map[i] += bits / Double(replicates) }
        }
        sums[image].decoder.append(total)
      }
    }
    return (0..<count).map { image in
      let priors = priorBits(clean[image * d..<(image + 1) * d])
      if let shape {
        sums[image].breakdown?.spots = Spot.find(in: leaning[image * d..<(image + 1) * d], shape: shape)
      }
      if withMap { for i in 0..<d { sums[image].map[i] += priors[i] } }
      return summarise(
        sums[image], prior: priors.reduce(0, +) / Double(d),
        gaussian: parts.flatMap { parts in control?.variate.bitsPerDim(parts[image]) })
    }
  }

  /// Nodes whose noise hides texture and shows shapes: from an eighth of the population's standard deviation to twice
  /// it, or the nearest to half of it.
  var shapeNodes: [Int] {
    let count = Float(max(moments.mean.count, 1))
    let centre = moments.mean.reduce(0, +) / count
    let variance = moments.mean.indices.reduce(Float(0)) {
      $0 + moments.variance[$1] + (moments.mean[$1] - centre) * (moments.mean[$1] - centre)
    }
    let deviation = max(Double(variance / count).squareRoot(), Double(Preconditioning.greyLevel))
    let nodes = quadrature.sigmas.indices.filter { (deviation / 8...deviation * 2) ~= quadrature.sigmas[$0] }
    guard nodes.isEmpty else { return nodes }
    let away = { (node: Int) in abs(log(2 * quadrature.sigmas[node] / deviation)) }
    return quadrature.sigmas.indices.min { away($0) < away($1) }.map { [$0] } ?? []
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

  private func summarise(_ sums: Sums, prior: Double, gaussian: Double?) -> SurprisalEstimate {
    let integrand = sums.integrand.map { $0.reduce(0, +) / Double(replicates) }
    let integral = zip(quadrature.weights, integrand).reduce(0) { $0 + $1.0 * $1.1 } / log(2)
    let decoder = sums.decoder.reduce(0, +) / Double(replicates)
    var error: Double?
    var freedom: Double?
    if replicates > 1 {
      func variance(_ values: [Double], times weight: Double) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return weight * weight * square / Double(values.count * (values.count - 1))
      }
      let parts =
        zip(quadrature.weights, sums.integrand).map { variance($1, times: $0 / log(2)) }
        + [variance(sums.decoder, times: 1)]
      let total = parts.reduce(0, +)
      error = total.squareRoot()
      let squares = parts.reduce(0) { $0 + $1 * $1 }
      freedom = squares > 0 ? Double(replicates - 1) * total * total / squares : Double(replicates - 1)
    }
    return SurprisalEstimate(
      bitsPerDim: prior + integral + decoder, standardError: error, degreesOfFreedom: freedom, prior: prior,
      integral: integral, decoder: decoder, integrand: integrand, errors: sums.errors,
      breakdown: sums.breakdown, gaussianBitsPerDim: gaussian, evaluations: integrand.count * replicates,
      map: sums.map)
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
