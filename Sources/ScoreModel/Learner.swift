import Tensors

/// Weights on their way: what is learned, its optimiser, and the running average that is used and kept.
struct Learner {
  let parameters: Parameters
  private var adam: Adam

  /// - Parameter start: weights to begin with, by name, of those that it has; the others are random by the seed.
  init(_ specs: [ParameterSpec], seed: UInt64, startingFrom start: FrozenWeights? = nil) throws(EngineError) {
    parameters = Parameters(specs)
    parameters.initialise(seed: seed)
    if let start {
      let known = Set(start.specs.map(\.name))
      for spec in specs where known.contains(spec.name) {
        try parameters.write(start.read(spec), to: spec.name)
      }
    }
    adam = Adam(start: parameters.withValues { Array($0) })
  }

  var averaged: FrozenWeights {
    let copy = Parameters(parameters.specs)
    copy.withValues { _ = $0.update(from: adam.average) }
    return FrozenWeights(copy)
  }

  /// One step by the gradients that the parameters hold.
  ///
  /// - Parameters:
  ///   - step: from 1 on.
  ///   - averaging: what stays of the running average; less at first, when it is of few steps.
  /// - Returns: whether every gradient was a number; the weights are else as they were.
  mutating func update(
    step: Int, rate: Float, _ options: TrainingOptions, averaging: Float
  ) -> Bool {
    adam.update(
      parameters, step: step, rate: rate, decay: options.weightDecay, clip: options.clip,
      averaging: averaging
    ).isFinite
  }
}
