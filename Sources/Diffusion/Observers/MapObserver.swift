import Foundation

extension Observation {
  /// Each value's share of the bits: `SurprisalEstimate.map`.
  package static let map = Observation("map") { image, plan in MapObserver(image, plan) }
}

private struct MapObserver: ErrorObserver {
  private let plan: EvaluationPlan
  private let companion: ControlVariate.Image?
  private var bits: [Double]

  init(_ image: ObservedImage, _ plan: EvaluationPlan) {
    self.plan = plan
    companion = image.companion
    bits = [Double](repeating: 0, count: image.bitmap.pixels.count)
  }

  mutating func observe(_ errors: NodeErrors) {
    let evaluation = errors.evaluation
    let share = plan.quadrature.weights[evaluation.node] / (log(2) * Double(plan.replicates))
    for i in bits.indices { bits[i] += share * errors.exact[i] * errors.exact[i] }
    guard let control = plan.control, let companion, let drawn = evaluation.companion else { return }
    let taken = control.variate.map(companion, drawn.draw, multiples: drawn.multiples)
    for i in bits.indices { bits[i] -= share * taken[i] }
  }

  mutating func observe(decoder found: [Double]) {
    for i in bits.indices { bits[i] += found[i] / Double(plan.replicates) }
  }

  mutating func observe(prior found: [Double]) { for i in bits.indices { bits[i] += found[i] } }

  func report(into estimate: inout SurprisalEstimate) { estimate.map = bits }
}
