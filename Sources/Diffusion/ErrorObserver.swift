import Images

/// Gathers something about one image while the pass over noise levels goes by.
///
/// An observer is handed each term of the formula as it is computed, so that whatever is to be known of an image costs no
/// evaluation of its own. To add one: a type of this protocol, and an `Observation` that makes it.
package protocol ErrorObserver {
  /// The denoising errors of one evaluation; each node and replicate once, replicate by replicate.
  mutating func observe(_ errors: NodeErrors)
  /// One replicate's decoder term, after its nodes: the bits of each value, `[d]`.
  mutating func observe(decoder bits: [Double])
  /// The prior term, at the end: the bits of each value, `[d]`.
  mutating func observe(prior bits: [Double])
  /// Sets what was gathered.
  func report(into estimate: inout SurprisalEstimate)
}

extension ErrorObserver {
  package mutating func observe(_ errors: NodeErrors) {}
  package mutating func observe(decoder bits: [Double]) {}
  package mutating func observe(prior bits: [Double]) {}
}

/// One image's errors in one evaluation.
package struct NodeErrors {
  package let evaluation: EvaluationPlan.Evaluation
  /// (yhat - y) / sigma, `[height, width, channels]`.
  package let exact: [Double]
  /// The same as float32: what splits and windows are summed from.
  package let rounded: [Float]
  /// What the control variate takes off the sum of squares.
  package let chance: Double
}

/// An image under observation.
package struct ObservedImage {
  package let bitmap: Bitmap
  /// What it brings to the control variate; nil without one.
  package let companion: ControlVariate.Image?
}

/// What can be learned of an image beside its surprisal: a name for a kind of `ErrorObserver`.
package struct Observation: Sendable, Hashable {
  package let name: String
  package let observer: @Sendable (ObservedImage, EvaluationPlan) throws -> any ErrorObserver

  package init(
    _ name: String, observer: @escaping @Sendable (ObservedImage, EvaluationPlan) throws -> any ErrorObserver
  ) {
    self.name = name
    self.observer = observer
  }

  package static func == (a: Observation, b: Observation) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
