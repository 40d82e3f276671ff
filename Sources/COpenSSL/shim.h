#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/rand.h>
#include <openssl/hmac.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

// Whether an RSASSA-PKCS1-v1_5 signature with SHA-256 (RFC 8017) holds: 1, 0, or -1 when the key cannot be used. The making of a
// key from its numbers is a chain of calls with macros for names, which read worse from Swift.
static inline int bobbin_rsa_sha256_verify(const unsigned char *modulus, int modulusLength, const unsigned char *exponent,
                                           int exponentLength, const unsigned char *message, size_t messageLength,
                                           const unsigned char *signature, size_t signatureLength) {
  int result = -1;
  BIGNUM *n = BN_bin2bn(modulus, modulusLength, NULL);
  BIGNUM *e = BN_bin2bn(exponent, exponentLength, NULL);
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  OSSL_PARAM *parameters = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
  EVP_PKEY *key = NULL;
  EVP_MD_CTX *digest = EVP_MD_CTX_new();
  if (n && e && builder && context && digest && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) && (parameters = OSSL_PARAM_BLD_to_param(builder)) &&
      EVP_PKEY_fromdata_init(context) == 1 && EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1 &&
      EVP_PKEY_get_bits(key) >= 2048 && EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key) == 1)
    result = EVP_DigestVerify(digest, signature, signatureLength, message, messageLength) == 1;
  EVP_MD_CTX_free(digest);
  EVP_PKEY_free(key);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  BN_free(e);
  BN_free(n);
  return result;
}
