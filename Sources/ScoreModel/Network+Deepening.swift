import Tensors

extension Network {
  /// Weights of a network with further levels, attention or both, that makes of every image what this one makes of it:
  /// what is new starts as nothing, and learns from there.
  ///
  /// This network's middle becomes a step on the way down. Where the deeper network comes back up to it, the skip is
  /// handed on as it is and nothing of what is enlarged is added yet; its new blocks and attention start at zero anyway.
  ///
  /// - Parameters:
  ///   - weights: this network's.
  ///   - seed: of what is new and not zero.
  /// - Returns: nil where the other is no such network: of fewer levels, of another width, without the attention there is,
  ///   or with more levels below it.
  package func weights(
    _ weights: FrozenWeights, deepenedTo architecture: Architecture, seed: UInt64
  ) throws -> FrozenWeights? {
    let own = self.architecture
    guard architecture != own else { return weights }
    guard architecture.levels >= own.levels, own.attention == 0 || architecture.levels == own.levels,
      own.attention == 0 || architecture.attention == own.attention,
      own.with(levels: architecture.levels, attention: architecture.attention) == architecture
    else { return nil }
    let deeper = Network(architecture)
    let fresh = Parameters(deeper.parameterSpecs)
    fresh.initialise(seed: seed)
    let known = Dictionary(uniqueKeysWithValues: parameterSpecs.map { ($0.name, $0) })
    return try FrozenWeights(deeper.parameterSpecs) { wanted in
      if let spec = known[ownName(wanted.name, in: architecture)] { return weights.read(spec) }
      let isBypass = (own.levels - 1..<architecture.levels - 1).contains {
        wanted.name == "merge.\($0).weight"
      }
      return isBypass ? Self.skipAlone(wanted.shape) : fresh.read(wanted)
    }
  }

  /// Weights to train from: random ones, and levels below the standard's begin as nothing, as those do that a network is given
  /// later. All random, a deeper network takes longer until it begins to learn (docs/detection.md).
  package func startingParameters(seed: UInt64) throws(EngineError) -> Parameters {
    let parameters = Parameters(parameterSpecs)
    parameters.initialise(seed: seed)
    for level in stride(from: Architecture.standardLevels - 1, to: architecture.levels - 1, by: 1) {
      let channels = architecture.width << level
      try parameters.write(Self.skipAlone([channels, 2 * channels]), to: "merge.\(level).weight")
    }
    return parameters
  }

  /// What a deeper network's tensor is called here, if it is here at all.
  private func ownName(_ name: String, in architecture: Architecture) -> String {
    guard architecture.levels > self.architecture.levels else { return name }
    let step = "down.\(self.architecture.levels - 1)."
    if name.hasPrefix(step) { return "middle." + name.dropFirst(step.count) }
    return name.hasPrefix("middle.") ? "" : name
  }

  /// Weights `[channels, 2 * channels, 1, 1]` that take the second half of their input as it is.
  private static func skipAlone(_ shape: [Int]) -> [Float] {
    (0..<shape[0]).flatMap { output in (0..<shape[1]).map { $0 == shape[0] + output ? 1 : 0 } }
  }
}
