import Foundation
import Images
import ScoreModel
import Tensors

/// All of an estimate that no image has a part in: where the integral is evaluated, on which noise, and what the control
/// variate knows of that noise. Made once, and used for every image by every thread.
package struct EvaluationPlan: Sendable {
  /// One evaluation of the network: a node of the quadrature under one draw of noise.
  package struct Evaluation: Sendable {
    package let node: Int
    package let replicate: Int
    package let sigma: Double
    /// eps, `[d]`.
    package let noise: [Float]
    /// What the control variate makes of the noise, and the multiples it is taken with; nil without one.
    package let companion: (draw: ControlVariate.Draw, multiples: [Double])?

    /// y + sigma eps for each of the images `[N, d]`.
    func noisy(_ clean: [Float]) -> [Float] {
      var noisy = clean
      let scale = Float(sigma)
      for start in stride(from: 0, to: clean.count, by: noise.count) {
        for i in 0..<noise.count { noisy[start + i] += scale * noise[i] }
      }
      return noisy
    }
  }

  package let range: NoiseLevelRange
  package let quadrature: Quadrature
  /// Independent draws of the noise at every node.
  package let replicates: Int
  package let noise: CommonNoise
  package let moments: PopulationMoments
  package let control: LogProbability.Control?
  /// Nodes whose noise hides texture and shows shapes: from an eighth of the population's standard deviation to twice
  /// it, or the nearest to half of it.
  package let shapeNodes: [Int]
  /// The evaluations, by replicate, then node; nil where they would hold more than `most` bytes.
  private var kept: [Evaluation]?

  /// Beyond this, evaluations are made when they are wanted.
  private static let most = 64 << 20

  init(
    range: NoiseLevelRange, quadrature: Quadrature, replicates: Int, noise: CommonNoise,
    moments: PopulationMoments, control: LogProbability.Control?
  ) {
    self.range = range
    self.quadrature = quadrature
    self.replicates = replicates
    self.noise = noise
    self.moments = moments
    self.control = control
    shapeNodes = Self.shapeNodes(of: moments, quadrature)
    // The noise and the companion's four arrays.
    let bytes = 5 * 4 * moments.mean.count * evaluations
    if bytes <= Self.most {
      kept = (0..<replicates).flatMap { replicate in
        quadrature.sigmas.indices.map { make(node: $0, replicate: replicate) }
      }
    }
  }

  /// Network evaluations an image.
  package var evaluations: Int { quadrature.sigmas.count * replicates }

  package subscript(node node: Int, replicate replicate: Int) -> Evaluation {
    kept?[replicate * quadrature.sigmas.count + node] ?? make(node: node, replicate: replicate)
  }

  /// The noise that the decoder's term is averaged over, `[d]`: a stream past the nodes'.
  package func decoderNoise(replicate: Int) -> [Float] {
    noise.draw(node: quadrature.sigmas.count, replicate: replicate, count: moments.mean.count)
  }

  private func make(node: Int, replicate: Int) -> Evaluation {
    let sigma = quadrature.sigmas[node]
    let draw = noise.draw(node: node, replicate: replicate, count: moments.mean.count)
    return Evaluation(
      node: node, replicate: replicate, sigma: sigma, noise: draw,
      companion: control.map { ($0.variate.draw(draw, sigma: sigma), $0.survey.multiples(at: sigma)) })
  }

  private static func shapeNodes(of moments: PopulationMoments, _ quadrature: Quadrature) -> [Int] {
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
}
