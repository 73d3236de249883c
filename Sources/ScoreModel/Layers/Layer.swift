import Tensors

/// A layer states what it learns and what it computes in one place; larger ones are made of smaller ones.
///
/// What it computes is its call, `callAsFunction(x, ..., in: graph)`, which adds it to a graph.
protocol Layer {
  /// Every learned tensor, in the order in which they are drawn.
  var parameters: [ParameterSpec] { get }
}
