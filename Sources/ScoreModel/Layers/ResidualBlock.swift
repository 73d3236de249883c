import Tensors

/// `x + conv(swish(conv(layerNorm(x)) + linear(level)))`; the last convolution starts at zero, the block as nothing.
struct ResidualBlock: Layer {
  private let norm: LayerNorm
  private let level: Linear
  private let first: Convolution
  private let second: Convolution

  init(name: String, channels: Int, embedding: Int) {
    norm = LayerNorm(name: "\(name).norm", channels: channels)
    level = Linear(name: "\(name).level", input: embedding, output: channels)
    first = Convolution(name: "\(name).conv1", input: channels, output: channels, gain: 2)
    second = Convolution(name: "\(name).conv2", input: channels, output: channels, gain: 0)
  }

  var parameters: [ParameterSpec] {
    norm.parameters + level.parameters + first.parameters + second.parameters
  }

  /// - Parameter embedded: the noise level's embedding, `[batch or 1, embedding]`.
  func callAsFunction(
    _ x: Graph.Value, at embedded: Graph.Value, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    let normal = try norm(x, in: graph)
    let shift = try level(embedded, in: graph)
    let inside = try first(normal, shift: shift, swish: true, staysOpen: true, in: graph)
    return try second(inside, adding: x, in: graph)
  }
}

/// Residual blocks one after another.
struct ResidualBlocks: Layer {
  private let blocks: [ResidualBlock]

  init(name: String, channels: Int, _ architecture: Architecture) {
    blocks = (0..<architecture.blocks).map {
      ResidualBlock(name: "\(name).\($0)", channels: channels, embedding: architecture.embedding)
    }
  }

  var parameters: [ParameterSpec] { blocks.flatMap(\.parameters) }

  func callAsFunction(
    _ x: Graph.Value, at embedded: Graph.Value, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    var x = x
    for block in blocks { x = try block(x, at: embedded, in: graph) }
    return x
  }
}
