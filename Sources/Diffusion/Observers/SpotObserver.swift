import Images

extension Observation {
  /// Where errors lean one way, at the noise levels that show shapes: `SurprisalEstimate.spots`.
  package static let spots = Observation("spots") { image, plan in SpotObserver(image.bitmap.shape, plan) }
}

private struct SpotObserver: ErrorObserver {
  private let shape: ImageShape
  private let nodes: [Int]
  /// Of one evaluation in the mean.
  private let share: Float
  /// Errors with their sign, averaged over nodes and replicates.
  private var leaning: [Float]

  init(_ shape: ImageShape, _ plan: EvaluationPlan) {
    self.shape = shape
    nodes = plan.shapeNodes
    share = 1 / Float(max(nodes.count, 1) * plan.replicates)
    leaning = [Float](repeating: 0, count: shape.count)
  }

  mutating func observe(_ errors: NodeErrors) {
    guard nodes.contains(errors.evaluation.node) else { return }
    for i in leaning.indices { leaning[i] += share * errors.rounded[i] }
  }

  func report(into estimate: inout SurprisalEstimate) {
    estimate.spots = Spot.find(in: leaning[...], shape: shape)
  }
}
