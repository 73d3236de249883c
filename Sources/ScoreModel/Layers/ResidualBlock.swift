import Tensors

/// `x + conv(swish(conv(layerNorm(x)) + linear(level)))`; the last convolution starts at zero, the block as nothing.
///
/// Where the network is told of no noise level, there is nothing to add; where it is to see by how much places differ, nothing is
/// normalised.
struct ResidualBlock: Layer {
  private let norm: LayerNorm?
  private let level: Linear?
  private let first: Convolution
  private let second: Convolution

  /// - Parameter embedding: width of the noise level's; nil where there is none.
  init(name: String, channels: Int, embedding: Int? = nil, isNormalised: Bool = true) {
    norm = isNormalised ? LayerNorm(name: "\(name).norm", channels: channels) : nil
    level = embedding.map { Linear(name: "\(name).level", input: $0, output: channels) }
    first = Convolution(name: "\(name).conv1", input: channels, output: channels, gain: 2)
    second = Convolution(name: "\(name).conv2", input: channels, output: channels, gain: 0)
  }

  var parameters: [ParameterSpec] {
    (norm?.parameters ?? []) + (level?.parameters ?? []) + first.parameters + second.parameters
  }

  /// - Parameter embedded: the noise level's embedding, `[batch or 1, embedding]`; not used where the block has none.
  func callAsFunction(
    _ x: Graph.Value, at embedded: Graph.Value? = nil, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    let normal = try norm?(x, in: graph) ?? x
    var shift: Graph.Value?
    if let level, let embedded { shift = try level(embedded, in: graph) }
    let inside = try first(normal, shift: shift, swish: true, staysOpen: true, in: graph)
    return try second(inside, adding: x, in: graph)
  }
}

/// Residual blocks one after another, attention behind the first where there is any.
struct ResidualBlocks: Layer {
  private let blocks: [ResidualBlock]
  private let attention: Attention?

  init(name: String, channels: Int, _ architecture: Architecture, attention: Attention? = nil) {
    blocks = (0..<architecture.blocks).map {
      ResidualBlock(name: "\(name).\($0)", channels: channels, embedding: architecture.embedding)
    }
    self.attention = attention
  }

  var parameters: [ParameterSpec] { blocks.flatMap(\.parameters) + (attention?.parameters ?? []) }

  func callAsFunction(
    _ x: Graph.Value, at embedded: Graph.Value, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    var x = x
    for (index, block) in blocks.enumerated() {
      x = try block(x, at: embedded, in: graph)
      if index == 0, let attention { x = try attention(x, in: graph) }
    }
    return x
  }
}
