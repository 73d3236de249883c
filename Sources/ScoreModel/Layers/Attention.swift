import Tensors

/// `x + output(attention(query(n), key(n), value(n)))` with `n = layerNorm(x)`, every layer 1x1; the last starts at zero,
/// the layer as nothing.
///
/// The one place where an image's parts learn of each other whatever lies between them. It knows nothing of where they
/// are: that is for the convolutions around it.
struct Attention: Layer {
  private let name: String
  private let heads: Int
  private let norm: LayerNorm
  private let query: Convolution
  private let key: Convolution
  private let value: Convolution
  private let output: Convolution

  init(name: String, channels: Int, heads: Int) {
    func map(_ part: String, gain: Float = 1) -> Convolution {
      Convolution(name: "\(name).\(part)", input: channels, output: channels, kernel: 1, gain: gain)
    }
    self.name = name
    self.heads = heads
    norm = LayerNorm(name: "\(name).norm", channels: channels)
    query = map("query")
    key = map("key")
    value = map("value")
    output = map("output", gain: 0)
  }

  var parameters: [ParameterSpec] {
    norm.parameters + query.parameters + key.parameters + value.parameters + output.parameters
  }

  func callAsFunction(_ x: Graph.Value, in graph: Graph) throws(EngineError) -> Graph.Value {
    let normal = try norm(x, in: graph)
    let seen = try graph.attention(
      query: try query(normal, in: graph), key: try key(normal, in: graph),
      value: try value(normal, in: graph), heads: heads, label: name)
    return try output(seen, adding: x, in: graph)
  }
}
