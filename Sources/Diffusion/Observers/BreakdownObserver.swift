extension Observation {
  /// The errors by place and by scale: `SurprisalEstimate.breakdown`.
  package static let breakdown = Observation("breakdown") { image, plan in
    BreakdownObserver(
      breakdown: ErrorBreakdown(
        grid: ErrorBreakdown.Grid(image.bitmap.shape), nodes: plan.quadrature.sigmas.count),
      share: 1 / Float(plan.replicates))
  }
}

private struct BreakdownObserver: ErrorObserver {
  var breakdown: ErrorBreakdown
  /// Of one replicate in the mean.
  let share: Float

  mutating func observe(_ errors: NodeErrors) {
    breakdown.add(errors.rounded, node: errors.evaluation.node, share: share)
  }

  func report(into estimate: inout SurprisalEstimate) { estimate.breakdown = breakdown }
}
