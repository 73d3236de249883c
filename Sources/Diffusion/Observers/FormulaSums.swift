import Foundation

/// The formula itself: sums of each term, and the spread over replicates. Observes every image.
struct FormulaSums: ErrorObserver {
  private let plan: EvaluationPlan
  private let gaussian: Double?
  private var prior = 0.0
  /// `[nodes][replicates]`, less the control variate.
  private var integrand: [[Double]]
  /// `[nodes]`, as they were.
  private var errors: [Double]
  /// `[replicates]`, bits.
  private var decoder: [Double] = []

  init(_ image: ObservedImage, _ plan: EvaluationPlan) {
    self.plan = plan
    gaussian = image.companion.flatMap { plan.control?.variate.bitsPerDim($0) }
    let nodes = plan.quadrature.sigmas.count
    integrand = [[Double]](repeating: [], count: nodes)
    errors = [Double](repeating: 0, count: nodes)
  }

  mutating func observe(_ found: NodeErrors) {
    let node = found.evaluation.node
    let d = found.exact.count
    let total = found.exact.reduce(0) { $0 + $1 * $1 }
    errors[node] += total / Double(d * plan.replicates)
    integrand[node].append((total - found.chance) / Double(d))
  }

  mutating func observe(decoder bits: [Double]) {
    decoder.append(bits.reduce(0) { $0 + $1 / Double(bits.count) })
  }

  mutating func observe(prior bits: [Double]) { prior = bits.reduce(0, +) / Double(bits.count) }

  func report(into estimate: inout SurprisalEstimate) {
    let replicates = Double(plan.replicates)
    let weights = plan.quadrature.weights
    estimate.prior = prior
    estimate.integrand = integrand.map { $0.reduce(0, +) / replicates }
    estimate.integral = zip(weights, estimate.integrand).reduce(0) { $0 + $1.0 * $1.1 } / log(2)
    estimate.decoder = decoder.reduce(0, +) / replicates
    estimate.bitsPerDim = estimate.prior + estimate.integral + estimate.decoder
    estimate.errors = errors
    estimate.evaluations = plan.evaluations
    estimate.gaussianBitsPerDim = gaussian
    guard plan.replicates > 1 else { return }
    let parts =
      zip(weights, integrand).map { Self.variance($1, times: $0 / log(2)) }
      + [Self.variance(decoder, times: 1)]
    let total = parts.reduce(0, +)
    let squares = parts.reduce(0) { $0 + $1 * $1 }
    estimate.standardError = total.squareRoot()
    estimate.degreesOfFreedom = squares > 0 ? (replicates - 1) * total * total / squares : replicates - 1
  }

  /// Variance of the mean of `values`, each times `weight`.
  private static func variance(_ values: [Double], times weight: Double) -> Double {
    let mean = values.reduce(0, +) / Double(values.count)
    let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return weight * weight * square / Double(values.count * (values.count - 1))
  }
}
