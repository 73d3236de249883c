import Tensors

/// A 1x1 convolution of the coarser level, enlarged, beside the skip.
struct Merge: Layer {
  let name: String
  /// Of the skip, of what is enlarged, and of the result.
  let channels: Int

  private var convolution: Convolution {
    Convolution(name: name, input: 2 * channels, output: channels, kernel: 1)
  }

  var parameters: [ParameterSpec] { convolution.parameters }

  func callAsFunction(
    _ low: Graph.Value, beside skip: Graph.Value, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    try graph.merge(low, skip, weight: "\(name).weight", bias: "\(name).bias")
  }
}
