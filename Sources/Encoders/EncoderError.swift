/// Why an encoder cannot see.
public enum EncoderError: Error, Sendable, Equatable, CustomStringConvertible {
  /// OpenVINO is in none of the places where it is looked for.
  case noLibrary(looked: [String])
  /// It is there, and cannot be used.
  case unusableLibrary(path: String, reason: String)
  case noFile(path: String, reason: String)
  /// Another encoder than the model was fitted with.
  case otherFile(path: String, wanted: String, found: String)
  /// An ONNX file, or one beside it, that is none that can be used.
  case unsuitable(path: String, reason: String)
  /// What it makes of images is no number, or fails.
  case failed(path: String, reason: String)
  /// The model was fitted with an encoder, and nothing says where that is.
  case notGiven

  public var description: String {
    switch self {
    case .noLibrary(let looked):
      "OpenVINO, which runs encoders, is not here: `pip install openvino` brings it, and $SURPRISAL_OPENVINO says where its "
        + "libopenvino_c.so is, or the folder of that (looked in \(looked.joined(separator: ", ")))"
    case .unusableLibrary(let path, let reason): "\(path): OpenVINO cannot be used: \(reason)"
    case .noFile(let path, let reason):
      "\(path): no encoder there (\(reason)): say with --encoder where it is"
    case .otherFile(let path, let wanted, let found):
      "\(path): not the encoder that the model was fitted with: its SHA-256 is \(found.prefix(12))..., not "
        + "\(wanted.prefix(12))...: give that one with --encoder, or fit anew"
    case .unsuitable(let path, let reason): "\(path): \(reason)"
    case .failed(let path, let reason): "\(path): \(reason)"
    case .notGiven: "the model was fitted with an encoder: say with --encoder where it is"
    }
  }
}
