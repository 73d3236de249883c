/// What training needs to go on exactly where it stopped.
package struct TrainingState: Sendable {
  /// Steps done.
  package var step: Int
  /// The network's parameters, Adam's two moments and the averaged parameters, as `Parameters` lays them out.
  package var values: [Float]
  package var first: [Float]
  package var second: [Float]
  package var average: [Float]
  /// `Trainer.smoothedLoss`.
  package var smoothedLoss: Float

  /// Loss of a network whose output is zero, on average over a population.
  package static let startingLoss: Float = 1

  /// Why nothing can go on from here, or nil when it can.
  package var refusal: String? {
    for (name, values) in [("values", values), ("first", first), ("second", second), ("average", average)]
    where !values.allSatisfy(\.isFinite) {
      return "tensor \(name) holds what is no number"
    }
    if second.contains(where: { $0 < 0 }) { return "tensor second holds a negative square" }
    return smoothedLoss >= 0 && smoothedLoss.isFinite ? nil : "loss \(smoothedLoss)"
  }
}
