import Images

/// What one look at an image tells, without a noise level: what statistics of appearance judge by.
package struct Appearance: Sendable, Equatable {
  /// At the model's size.
  package let image: Bitmap
  /// Of the network's middle, pooled over place (`ActivationNetwork.pooled`).
  package let activations: [Float]
  /// What the eyes that the model learned from images see; nil where it learned none.
  package let eyes: EyeLook?
  /// Of the image as its file holds it; nil where it was not measured.
  package let measures: Measures?

  package init(
    image: Bitmap, activations: [Float], eyes: EyeLook? = nil, measures: Measures? = nil
  ) {
    self.image = image
    self.activations = activations
    self.eyes = eyes
    self.measures = measures
  }
}

/// What a network that was taught to tell images from altered ones makes of an image.
package struct EyeLook: Sendable, Equatable {
  /// Of its middle, pooled over place.
  package let activations: [Float]
  /// Logarithms of the probabilities that the image is altered in each way, the first being that it is not (`Alteration.learned`).
  package let logProbabilities: [Float]

  package init(activations: [Float], logProbabilities: [Float]) {
    self.activations = activations
    self.logProbabilities = logProbabilities
  }
}
