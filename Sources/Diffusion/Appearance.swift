import Images

/// What one look at an image tells, without a noise level: what statistics of appearance judge by.
package struct Appearance: Sendable, Equatable {
  /// At the model's size.
  package let image: Bitmap
  /// Of the network's middle, pooled over place (`ActivationNetwork.pooled`).
  package let activations: [Float]

  package init(image: Bitmap, activations: [Float]) {
    self.image = image
    self.activations = activations
  }
}
