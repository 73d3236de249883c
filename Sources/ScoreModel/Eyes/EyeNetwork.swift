import Images
import Tensors

/// A network that tells in which way an image is altered: the way down of the denoiser's U-Net, and of its middle a linear
/// classifier (Golan and El-Yaniv 2018, arXiv 1805.10917: geometric transformations).
///
///     middle -> layerNorm -> swish -> 1x1 -> one channel an alteration -> mean over place
///
/// It is told a noise level as the denoiser is, always the same (`ActivationNetwork.sigma`), so that it can start from the denoiser's weights.
package struct EyeNetwork {
  package let network: Network
  package let alterations: [Alteration]
  private let norm: LayerNorm
  private let exit: Convolution

  package init(_ architecture: Architecture) {
    network = Network(architecture)
    alterations = Alteration.learned(architecture.shape)
    norm = LayerNorm(name: "head.norm", channels: network.middleChannels)
    exit = Convolution(
      name: "head.output", input: network.middleChannels, output: alterations.count, kernel: 1, gain: 0)
  }

  /// Every learned tensor, in the order of the layers.
  package var parameterSpecs: [ParameterSpec] { network.downSpecs + norm.parameters + exit.parameters }

  /// Activations that an image is told by: means over place and logarithms of deviations.
  package var activationCount: Int { 2 * network.middleChannels }

  /// Adds the whole network to a graph.
  ///
  /// - Parameters: as `Network.build`'s.
  /// - Returns: the middle, `[batch, rows, columns, middleChannels]`, and for each of its places the alterations' logits,
  ///   `[batch, rows, columns, alterations]`.
  func build(
    in graph: Graph, x: Graph.Value, features: Graph.Value, precision: Precision
  ) throws(EngineError) -> (middle: Graph.Value, logits: Graph.Value) {
    let middle = try network.buildMiddle(in: graph, x: x, features: features, precision: precision)
    return (middle, try exit(try graph.swish(try norm(middle, in: graph)), in: graph))
  }
}
