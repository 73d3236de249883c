import Images

/// What one look at an image tells, without a noise level: what statistics of appearance judge by.
package struct Appearance: Sendable, Equatable {
  /// At the model's size.
  package let image: Bitmap
  /// Of the network's middle, pooled over place (`ActivationNetwork.pooled`).
  package let activations: [Float]
  /// What the eyes that the model learned from images see; nil where it learned none.
  package let eyes: EyeLook?
  /// What a network sees that learned to find damage; nil where none did.
  package let damage: DamageLook?
  /// Of the image as its file holds it; nil where it was not measured.
  package let measures: Measures?

  package init(
    image: Bitmap, activations: [Float], eyes: EyeLook? = nil, damage: DamageLook? = nil,
    measures: Measures? = nil
  ) {
    self.image = image
    self.activations = activations
    self.eyes = eyes
    self.damage = damage
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

/// What a network that was taught to mark damage makes of an image, by place.
package struct DamageLook: Sendable, Equatable {
  package let form: DamageForm
  /// `[rows, columns, features]`.
  package let features: [Float]

  package init(form: DamageForm, features: [Float]) {
    self.form = form
    self.features = features
  }
}

/// How many values a `DamageLook` has.
package struct DamageForm: Sendable, Equatable {
  package let rows: Int
  package let columns: Int
  /// Of a place.
  package let features: Int
  /// How many of them, the first, are of the network's middle.
  package let middle: Int

  package init(rows: Int, columns: Int, features: Int, middle: Int) {
    (self.rows, self.columns, self.features, self.middle) = (rows, columns, features, middle)
  }

  package var count: Int { rows * columns * features }

  /// Values that a whole image is pooled into.
  package var pooled: Int { 4 * middle }
}
