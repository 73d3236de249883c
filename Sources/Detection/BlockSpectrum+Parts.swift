/// What the coefficients of the spectrum tell, in words.
extension BlockSpectrum {
  enum Part: String, CaseIterable {
    case brightness, layout
    case texture = "fine texture"
    case colours
  }

  /// The features of a part.
  static func places(_ part: Part) -> [Int] {
    let luma = 0..<side * side
    return switch part {
    case .brightness: [0]
    case .layout: luma.filter { (1...3).contains($0 / side + $0 % side) }
    case .texture: luma.filter { $0 / side + $0 % side > 3 }
    case .colours: Array(side * side..<count)
    }
  }
}
