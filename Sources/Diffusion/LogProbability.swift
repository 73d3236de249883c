import Foundation
import Images
import ScoreModel

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
  package struct Control: Sendable {
    package let variate: ControlVariate
    package let survey: IntegrandSurvey

    package init(variate: ControlVariate, survey: IntegrandSurvey) {
      self.variate = variate
      self.survey = survey
    }
  }

  package let plan: EvaluationPlan
  /// What is gathered beside the sums.
  package let observations: [Observation]

  /// The formula as it stands, without a control variate.
  ///
  /// - Parameters:
  ///   - replicates: independent draws of the noise at every node.
  ///   - moments: of the population, value by value.
  public init(
    range: NoiseLevelRange, quadrature: Quadrature, replicates: Int, noise: CommonNoise,
    moments: PopulationMoments
  ) {
    self.init(
      range: range, quadrature: quadrature, replicates: replicates, noise: noise, moments: moments,
      control: nil)
  }

  /// - Parameters:
  ///   - replicates: independent draws of the noise at every node.
  ///   - observing: what to gather beside the sums.
  package init(
    range: NoiseLevelRange, quadrature: Quadrature, replicates: Int, noise: CommonNoise,
    moments: PopulationMoments, control: Control?, observing observations: [Observation] = []
  ) {
    plan = EvaluationPlan(
      range: range, quadrature: quadrature, replicates: replicates, noise: noise, moments: moments,
      control: control)
    self.observations = observations
  }

  private init(_ plan: EvaluationPlan, _ observations: [Observation]) {
    self.plan = plan
    self.observations = observations
  }

  /// The same plan under other eyes.
  package func observing(_ observations: [Observation]) -> LogProbability {
    LogProbability(plan, observations)
  }

  public var quadrature: Quadrature { plan.quadrature }

  /// Estimates the surprisal of 8-bit images, all with the same noise.
  ///
  /// - Parameter images: N of the denoiser's size.
  /// - Returns: N estimates, each independent of the other images in the call.
  /// - Throws: what the denoiser throws.
  public func estimate(
    _ images: ImageBatch, under denoiser: some Denoiser
  ) throws -> [SurprisalEstimate] {
    let d = images.shape.count
    let clean = images.scaled
    var passes = try images.indices.map {
      try ImagePass(images[$0], clean[$0 * d..<($0 + 1) * d], plan, observations)
    }
    for replicate in 0..<plan.replicates {
      for node in quadrature.sigmas.indices {
        let evaluation = plan[node: node, replicate: replicate]
        // A denoiser that also offers its activations would hand them over here, and they go on in `NodeErrors`.
        let denoised = try denoiser.denoise(evaluation.noisy(clean), sigma: Float(evaluation.sigma))
        for image in passes.indices {
          passes[image].take(denoised[image * d..<(image + 1) * d], in: evaluation)
        }
      }
      let noise = plan.decoderNoise(replicate: replicate)
      for image in passes.indices { passes[image].decode(noise, sigma: plan.range.lower) }
    }
    return passes.indices.map { passes[$0].finish() }
  }

  /// KL( N(y, T) || N(mu, T + S) ) of each value, in bits.
  static func priorBits(
    _ image: ArraySlice<Float>, range: NoiseLevelRange, moments: PopulationMoments
  ) -> [Double] {
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
