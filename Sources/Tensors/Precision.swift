import COneDNN

/// How a network's inner layers compute.
public enum Precision: String, Codable, Sendable, CaseIterable {
  /// Every value in 32-bit floating point; 3x3 convolutions by Winograd's algorithm where oneDNN has it.
  case float32 = "f32"
  /// Every value in 32-bit floating point, every sum as it stands: what the other two are measured against.
  case direct = "f32-direct"
  /// Inner activations and weights in bfloat16, sums in float32; first and last layers in float32.
  case bfloat16 = "bf16"

  /// bfloat16 where the processor multiplies it faster than float32, float32 elsewhere.
  ///
  /// Faster are matrix tiles (AMX) and AMD's vector units, twice float32's pace; Intel's vector units without tiles
  /// were measured at half of it (docs/performance.md). The choice depends on the processor alone, never on a timing:
  /// the same machine gives the same bytes.
  public static var fastest: Precision {
    onednn_has_amx_bf16() != 0 || (onednn_has_bf16() != 0 && onednn_is_amd() != 0) ? .bfloat16 : .float32
  }

  /// Whether the processor multiplies bfloat16 at all.
  public static var hasBFloat16: Bool { onednn_has_bf16() != 0 }

  /// Those this processor has.
  public static var supported: [Precision] { allCases.filter { $0 != .bfloat16 || hasBFloat16 } }
}
