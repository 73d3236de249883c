import Diffusion
import Images
import ScoreModel
import Tensors

/// A model's own network as something that sees: its way down in one look (`ActivationNetwork`), by place and as a whole.
package final class NetworkSource: FeatureSource {
  package let shape: ImageShape
  package let form: FeatureForm
  package let fingerprint: String
  private let network: ActivationNetwork

  /// - Throws: `EngineError` when oneDNN cannot build the network.
  package init(_ model: Model, compute: Compute = Compute()) throws {
    shape = model.shape
    fingerprint = "network \(compute.precision.rawValue)"
    network = try ActivationNetwork(
      Network(model.architecture), weights: model.looking ?? model.weights,
      preconditioning: model.preconditioning, engine: try compute.engine(), precision: compute.precision)
    let (height, width, channels) = network.middleShape
    form = FeatureForm(
      pooled: 2 * channels, maps: [FeatureForm.Map(height: height, width: width, channels: channels)])
  }

  package func features(of images: ImageBatch) throws -> [ImageFeatures] {
    let (height, width, channels) = network.middleShape
    return try network.maps(images.scaled).map { values in
      let map = FeatureMap(height: height, width: width, channels: channels, values: values)
      return ImageFeatures(pooled: map.pooled, maps: [map])
    }
  }
}
