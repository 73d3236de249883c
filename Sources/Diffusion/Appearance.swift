import Images

/// What one look at an image tells, without a noise level: what statistics of appearance judge by.
package struct Appearance: Sendable, Equatable {
  /// At the model's size.
  package let image: Bitmap
  /// Of the network's middle, pooled over place (`ActivationNetwork.pooled`).
  package let activations: [Float]
  /// Of the image as its file holds it; nil where it was not measured.
  package let measures: Measures?

  package init(image: Bitmap, activations: [Float], measures: Measures? = nil) {
    self.image = image
    self.activations = activations
    self.measures = measures
  }
}
